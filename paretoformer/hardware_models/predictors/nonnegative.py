"""Non-negative least absolute relative error."""

import numpy as np

from paretoformer.hardware_models.tables.features import Floats

ROUNDS = 24
"""Solutions, each with the weights that the errors of the one before ask for."""
TINY = 1e-9
"""Slope below which a term does not help."""
GAIN, PATIENCE = 1e-4, 4
"""Share of the error that a round must save, and rounds without it after which there are no more."""
ADDED = 80
"""Terms that may enter in one round."""
SMALL_ERRORS = 0.2
"""Quantile of the errors below which an error counts as this quantile, so that no row outweighs all others."""


def fit_nonnegative(terms: Floats, target: Floats, strictness: float = 0.0) -> Floats:
    """Weights (k,) of `terms` (n, k), at least 0, for which the mean of |terms @ weights / target - 1| is small.

    The absolute error is reached by repeated least squares in which rows of large errors weigh less, so that a device's
    hiccups pull less. Terms enter by the slope of the error in their weight, which is how the active set of a non-negative
    fit grows (Lawson and Hanson 1974), so that only few of them are solved for at once.

    Args:
        terms: the first is 1 in every row.
        target: positive costs (n,).
        strictness: how many times the slope that chance would give a term must have to enter; 0 lets all enter that help.
    """
    scaled = terms / target[:, None]
    size = np.sqrt(np.mean(scaled**2, axis=0))
    scaled = scaled / np.where(size > 0, size, 1.0)
    found, rows = np.zeros(terms.shape[1]), np.ones(len(target))
    found[0] = _solve(scaled[:, :1], rows)[0]
    best, least, waited = found, np.inf, 0
    for _ in range(ROUNDS):
        error = 1.0 - scaled @ found
        mean = float(np.abs(error).mean())
        waited = 0 if mean < (1 - GAIN) * least else waited + 1
        best, least = (found, mean) if mean < least else (best, least)
        if waited == PATIENCE or least < TINY:
            break
        slope = scaled.T @ (rows * error) / len(rows)
        entering = np.argsort(-slope)[:ADDED]
        active = np.union1d(
            np.flatnonzero(found), entering[slope[entering] > strictness * _chance(error, rows, len(size)) + TINY]
        )
        found = np.zeros_like(found)
        found[active] = _solve(scaled[:, active], rows)
        error = np.abs(1.0 - scaled @ found)
        rows = 1.0 / np.maximum(error, np.quantile(error, SMALL_ERRORS) + 1e-9)
        rows /= rows.mean()
    return np.where(size > 0, best / np.where(size > 0, size, 1.0), 0.0)


def _chance(error: Floats, rows: Floats, terms: int) -> float:
    """The slope that the largest of so many terms would have by chance: the universal threshold of Donoho and Johnstone 1994."""
    return float(np.sqrt(np.mean((rows * error) ** 2) * 2 * np.log(max(terms, 2)) / len(error)))


def _solve(terms: Floats, rows: Floats) -> Floats:
    """Non-negative least squares of `terms @ weights = 1`, by the factor of its normal equations."""
    from scipy.optimize import nnls

    weighted = terms * rows[:, None]
    square = terms.T @ weighted
    square[np.diag_indices_from(square)] += 1e-10 * np.trace(square)
    factor = np.linalg.cholesky(square)
    weights, _ = nnls(factor.T, np.linalg.solve(factor, weighted.sum(axis=0)), maxiter=100 * len(square))
    return weights

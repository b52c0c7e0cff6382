"""Spans hidden behind one mask each, however long they are."""

import numpy as np

from paretoformer.evaluators.noising import Ids, NoiseOptions, hidden, register_noise


@register_noise("infilling", order=2, masks=True)
def infilled(ids: Ids, options: NoiseOptions, rng: np.random.Generator) -> Ids:
    """Spans of Poisson lengths with the mean `span` become one mask each; lengths add up to a share `rate` of the tokens, rounded up.

    Starts are distinct and drawn alike from all tokens, so that spans may overlap, and then count once, or end with the text.
    Spans of no length are masks put in afterwards. Source: paper 4, section 2.2, and its published code.
    """
    lengths = span_lengths(hidden(len(ids), options.rate), options.span, rng)
    spans = lengths[lengths > 0]
    starts = rng.permutation(len(ids))[: len(spans)]
    ends = np.minimum(starts + spans, len(ids))
    steps = np.bincount(starts + 1, minlength=len(ids) + 1) - np.bincount(ends, minlength=len(ids) + 1)
    found = ids.copy()
    found[starts] = options.mask
    left = found[np.cumsum(steps)[: len(ids)] <= 0]
    inserted = int((lengths == 0).sum())
    places = np.zeros(len(left) + inserted, dtype=bool)
    places[rng.permutation(len(places))[:inserted]] = True
    whole = np.full(len(places), options.mask, dtype=np.int64)
    whole[~places] = left
    return whole


def span_lengths(budget: int, mean: float, rng: np.random.Generator) -> Ids:
    """Poisson lengths that add up to `budget`, the last one cut; those of no length among them stay."""
    drawn = np.empty(0, dtype=np.int64)
    while drawn.sum() < budget:
        drawn = np.concatenate((drawn, rng.poisson(mean, budget)))
    sums = np.cumsum(drawn)
    last = int(np.searchsorted(sums, budget))
    kept = drawn[: last + 1] if budget else drawn[:0]
    if budget:
        kept[-1] -= sums[last] - budget
    return kept

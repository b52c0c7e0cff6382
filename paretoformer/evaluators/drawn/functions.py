"""Functions from sequences to sequences that are fitted, x: (B, n, d) float64 -> (B, n, numbers)."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_WAVES = 16
_SEED = 27


def sine_product(x: Floats) -> Floats:
    """F1: y_i = sin(3 (x_1 + ... + x_i)) of the first channel + second channel of x_(n+1-i) times first of x_i."""
    first, second = x[..., 0], x[..., 1]
    return (np.sin(3 * first.cumsum(1)) + second[:, ::-1] * first)[..., None]


def sorted_steps(x: Floats) -> Floats:
    """F2: each channel in ascending order."""
    return np.sort(x, axis=1)


def running_max(x: Floats) -> Floats:
    """F3: the largest of each channel so far."""
    return np.maximum.accumulate(x, axis=1)


def fourier(x: Floats) -> Floats:
    """F4: for each step its own sum of 16 random waves of the whole input, of variance about 1."""
    rng = np.random.default_rng(_SEED)
    steps, channels = x.shape[1:]
    frequencies = rng.normal(size=(steps * channels, _WAVES)) * 2 / np.sqrt(channels)
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    amplitudes = rng.normal(size=(_WAVES, steps)) * np.sqrt(2 / _WAVES)
    found: Floats = np.cos(x.reshape(len(x), -1) @ frequencies + phases) @ amplitudes
    return found[..., None]


def centred(x: Floats) -> Floats:
    """F5: each channel less its mean, the one that needs no positions."""
    found: Floats = x - x.mean(1, keepdims=True)
    return found


FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "sine-product": sine_product,
    "sorting": sorted_steps,
    "running-max": running_max,
    "fourier": fourier,
    "centred": centred,
}
"""By the name of the option; paper 27's notes call them F1 to F5."""

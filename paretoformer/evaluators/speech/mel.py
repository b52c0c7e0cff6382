"""Log-mel features of speech at 8 kHz."""

import math

import torch
from torch import Tensor

RATE = 8_000
"""Samples a second."""

BANDS = 40
"""Mel bands from 0 to 4 kHz."""

STEP = 160
"""Samples between two frames: 20 ms."""

_WINDOW = 256  # samples, 32 ms
_FLOOR = 1e-6  # of the power, about that of the codec's silence


def log_mel(samples: Tensor) -> Tensor:
    """Samples (n,) between -1 and 1 -> (1 + n // STEP, BANDS), natural logarithms of the power in each band."""
    window = torch.hann_window(_WINDOW)
    spectrum = torch.stft(samples, _WINDOW, STEP, window=window, center=True, return_complex=True)
    power = spectrum.abs().square() / window.square().sum()  # (bins, frames)
    return (filterbank() @ power).clamp_min(_FLOOR).log().T


def filterbank() -> Tensor:
    """(BANDS, bins) triangles of equal width on the mel scale, each from its neighbours' peaks, of height 1."""
    edges = _hertz(torch.linspace(0, _mel(RATE / 2), BANDS + 2))
    bins = torch.linspace(0, RATE / 2, _WINDOW // 2 + 1)
    low, peak, high = (edges[start : start + BANDS, None] for start in range(3))
    return torch.minimum((bins - low) / (peak - low), (high - bins) / (high - peak)).clamp_min(0)


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)


def _hertz(mel: Tensor) -> Tensor:
    return 700 * (10 ** (mel / 2595) - 1)

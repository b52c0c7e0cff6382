import math

import pytest
import torch

from paretoformer.evaluators.speech.mel import BANDS, RATE, STEP, filterbank, log_mel


def tone(hertz: float, seconds: float = 0.5) -> torch.Tensor:
    return torch.sin(2 * math.pi * hertz * torch.arange(int(seconds * RATE)) / RATE)


def test_there_is_a_frame_every_step() -> None:
    assert log_mel(torch.zeros(3 * STEP)).shape == (4, BANDS)


def test_a_higher_tone_is_loudest_in_a_higher_band() -> None:
    loudest = [log_mel(tone(hertz))[10].argmax().item() for hertz in (200, 500, 1000, 2000, 3500)]
    assert loudest == sorted(set(loudest))


@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_a_tone_is_loudest_in_the_band_that_it_lies_in(hertz: float) -> None:
    bins = filterbank().shape[1]
    heard = log_mel(tone(hertz))[10].argmax()
    assert filterbank()[heard, round(hertz / (RATE / 2) * (bins - 1))] > 0.3


def test_twice_as_loud_is_four_times_the_power() -> None:
    rise = log_mel(tone(1000))[10] - log_mel(tone(1000) / 2)[10]
    assert rise.max().item() == pytest.approx(math.log(4), abs=1e-3)


def test_silence_is_finite() -> None:
    assert log_mel(torch.zeros(800)).isfinite().all()


def test_inner_bins_lie_in_two_bands_at_most_and_their_weights_sum_to_one() -> None:
    bank = filterbank()
    between = bank[:, 3:110]  # beyond the first peak, before the last
    assert int((between > 0).sum(0).max()) <= 2
    torch.testing.assert_close(between.sum(0), torch.ones(between.shape[1]))

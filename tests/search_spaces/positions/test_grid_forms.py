"""The forms of positions with two axes that act at the input, and ALiBi's."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.positions.alibi import AlibiConfig, slopes
from paretoformer.search_spaces.positions.learned import LearnedConfig
from paretoformer.search_spaces.positions.sinusoidal import SinusoidalConfig
from paretoformer.search_spaces.registry import config_from_json

ROWS, COLUMNS = torch.arange(48) // 8, torch.arange(48) % 8


def test_waves_of_row_and_column_are_those_of_a_sequence_of_half_the_width(places) -> None:
    site = places.sites["grid"]
    line = SinusoidalConfig().build(Site(width=8, length=8))
    plane = SinusoidalConfig(grid=True).build(site)(torch.zeros(1, 48, 16), torch.arange(48))[0]
    nothing = torch.zeros(1, 48, 8)
    torch.testing.assert_close(plane, torch.cat((line(nothing, ROWS)[0], line(nothing, COLUMNS)[0]), -1))


def test_learned_rows_and_columns_take_the_parameters_of_a_line_and_a_column(places) -> None:
    site, config = places.sites["grid"], LearnedConfig(grid=True)
    part = config.build(site)
    assert config.parameters(site) == config.table_parameters(site) == (6 + 8) * 8
    with torch.no_grad():
        y = part(torch.zeros(1, 48, 16), torch.arange(48))[0]
    assert torch.equal(y, torch.cat((part.rows[ROWS], part.columns[COLUMNS]), -1))


def test_beyond_the_last_row_nothing_is_learned(places) -> None:
    with pytest.raises(IndexError):
        LearnedConfig(grid=True).build(places.sites["grid"])(torch.zeros(1, 49, 16), torch.arange(49))


def test_alibi_takes_the_slope_times_the_straight_line_off(places) -> None:
    part = AlibiConfig(grid=True).build_in_mixer(places.sites["grid"], 4, 4)
    bias = part.bias(torch.ones(1, 4, 1, 4), torch.tensor([0]), torch.tensor([0, 3, 8 * 4 + 3]))  # (0, 3), (4, 3)
    torch.testing.assert_close(bias, -torch.tensor(slopes(4))[:, None, None] * torch.tensor([[0.0, 3.0, 5.0]]))


@pytest.mark.parametrize("config", [SinusoidalConfig(grid=True), LearnedConfig(grid=True)], ids=lambda c: c.choice.name)
def test_an_odd_width_has_no_halves(config) -> None:
    site = Site(width=15, length=48, grid=(6, 8))
    assert any("half of the width, and the width is 15" in sentence for sentence in config.problems(site))


@pytest.mark.parametrize("name", ["alibi", "rotary", "shaw", "t5", "toeplitz"])
def test_softmax_with_two_axes_has_the_parameters_and_macs_that_are_counted(places, name) -> None:
    position = config_from_json("position", {"name": name, "grid": True})
    site, softmax = replace(places.sites["grid"], position=position), places.default("mixer", "softmax")
    assert not list(softmax.problems(site))
    mixer = places.built(softmax, site).double()
    assert softmax.parameters(site) == sum(parameter.numel() for parameter in mixer.parameters())
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        y = mixer(places.normal(1, 48, 16), Context(grid=site.grid))
    assert 2 * softmax.macs(site, 48) == counter.get_total_flops() and y.isfinite().all()

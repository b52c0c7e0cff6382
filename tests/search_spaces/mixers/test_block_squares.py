"""Squares of a grid: attention in them equals the masked form, whatever is shifted over a border."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.block import BlockConfig
from paretoformer.search_spaces.parts.squares import Squares

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
GRIDS = [(6, 8), (7, 9), (4, 4), (3, 8)]


def seen(grid, side, shift):
    """Which place sees which, (N, N), and by which offset: from windows drawn on a plane that is not rolled."""
    row, column = (axis.flatten() for axis in torch.meshgrid(*(torch.arange(n) for n in grid), indexing="ij"))
    window = [(axis - shift).div(side, rounding_mode="floor") for axis in (row, column)]
    same = torch.stack([place[:, None] == place for place in window]).all(0)
    down, right = (axis[:, None] - axis + side - 1 for axis in (row, column))
    return same, (down * (2 * side - 1) + right).clamp(0, (2 * side - 1) ** 2 - 1)


@torch.no_grad()
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("form", ["square", "shifted"])
@pytest.mark.parametrize("side", [2, 4])
def test_attention_in_squares_equals_the_masked_form(places, dense_attention, grid, form, side) -> None:
    site = Site(width=16, length=grid[0] * grid[1], grid=grid)
    config = BlockConfig(block=side, form=form)
    module, x = places.built(config, site).double().eval(), places.normal(2, site.length, 16)
    shift = config.squares(grid).shift
    assert (shift > 0) == (form == "shifted" and side < max(grid))
    same, offset = seen(grid, config.squares(grid).side, shift)
    bias = module.table[offset].permute(2, 0, 1)
    expected = dense_attention(*module.project(x), same, bias)
    torch.testing.assert_close(module(x, Context(grid=grid)), module.merge(expected), **CLOSE)


@torch.no_grad()
def test_a_square_as_large_as_the_grid_sees_all_of_it(places) -> None:
    site = Site(width=16, length=48, grid=(6, 8))
    module, x = places.built(BlockConfig(block=30, form="shifted"), site).double(), places.normal(1, 48, 16)
    other = x.clone()
    other[:, -1] += 1
    assert ((module(other, Context(grid=(6, 8))) != module(x, Context(grid=(6, 8)))).any(-1)).all()


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_what_is_cut_is_put_together_again(places, grid, shift) -> None:
    squares, x = Squares(grid, 4, shift), places.normal(2, 3, grid[0] * grid[1], 5)
    assert torch.equal(squares.joined(squares.cut(x, x, x).v), x)


def test_squares_need_a_grid() -> None:
    (sentence,) = BlockConfig(block=4, form="square").problems(Site(width=16, length=48))
    assert sentence.endswith("needs a grid, and this stack has a sequence of up to 48 tokens; use form sequence")


@torch.no_grad()
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("form", ["square", "shifted"])
def test_macs_are_as_counted_in_the_plain_form(places, grid, form) -> None:
    site = Site(width=16, length=grid[0] * grid[1], grid=grid)
    config = BlockConfig(block=4, form=form)
    module, x = places.built(config, site), places.normal(1, site.length, 16).float()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(x, Context(grid=grid))
    assert 2 * config.macs(site, site.length) == counter.get_total_flops()

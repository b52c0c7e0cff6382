"""Rotary positions: fractions of a head, and rows and columns."""

import torch

from paretoformer.search_spaces.positions.rotary import RotaryConfig


def turned(x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Channels c and c + d/2 as complex numbers turned by angles (N, d / 2)."""
    first, second = x.chunk(2, -1)
    product = torch.complex(first, second) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat((product.real, product.imag), -1)


def angles(positions: torch.Tensor, width: int, base: float = 10_000.0) -> torch.Tensor:
    return positions.double()[:, None] / base ** (torch.arange(0, width, 2, dtype=torch.float64) / width)


def test_a_fraction_turns_the_first_channels_and_leaves_the_rest(places) -> None:
    part = RotaryConfig(fraction=0.25).build_in_mixer(places.sites["causal"], 4, 64)
    x, positions = places.normal(2, 4, 30, 64), torch.arange(30)
    expected = torch.cat((turned(x[..., :16], angles(positions, 16)), x[..., 16:]), -1)
    torch.testing.assert_close(part.rotate(x, positions), expected, rtol=0, atol=1e-5)


def test_the_first_position_turns_nothing(places) -> None:
    part = RotaryConfig().build_in_mixer(places.sites["causal"], 4, 8)
    x = places.normal(1, 4, 1, 8)
    assert torch.equal(part.rotate(x, torch.tensor([0])), x)


def test_on_a_grid_the_first_half_turns_by_the_row_and_the_second_by_the_column(places) -> None:
    part = RotaryConfig(base=100.0, grid=True).build_in_mixer(places.sites["grid"], 4, 16)
    x, positions = places.normal(2, 4, 48, 16), torch.arange(48)
    down, right = angles(positions // 8, 8, 100.0), angles(positions % 8, 8, 100.0)
    expected = torch.cat((turned(x[..., :8], down), turned(x[..., 8:], right)), -1)
    torch.testing.assert_close(part.rotate(x, positions), expected, rtol=0, atol=1e-5)


def test_channels_that_do_not_pair_are_refused(places) -> None:
    def found(head_width: int, **fields) -> str:
        return " ".join(RotaryConfig(**fields).mixer_problems(4, head_width))

    assert found(7) == "position rotary turns channels in pairs, and a head has 7 channels; make it a multiple of 2"
    assert found(6, fraction=0.5).endswith("a head has 6 channels; 3 of them turn; make it a multiple of 2")
    assert "pairs along two axes, and a head has 6 channels" in found(6, grid=True)
    assert "0 of them turn" in found(8, fraction=0.1)
    assert not found(8, fraction=0.25)


def test_more_than_a_whole_head_is_refused(places) -> None:
    assert any(
        "all of a head is 1" in sentence for sentence in RotaryConfig(fraction=1.5).problems(places.sites["causal"])
    )

"""Every registered position keeps the contract of positions and each capability that it claims."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Capability, Context
from paretoformer.search_spaces.positions.alibi import slopes
from paretoformer.search_spaces.registry import choice

HEADS, HEAD_WIDTH = 4, 8


def inside(case):
    """Its part inside an attention, or a skip."""
    config, site = case.config, case.site
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        part = config.build_in_mixer(site, HEADS, HEAD_WIDTH)
    if part is None:
        pytest.skip(f"{config.choice} does not act inside a mixer")
    return part.double().eval()


def bias_of(part, queries, keys):
    """What it adds to the scores of always the same queries at these positions."""
    q = torch.randn(1, HEADS, 200, HEAD_WIDTH, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    return part.bias(q[:, :, queries], queries, keys)


def on_weights_of(part, queries, keys):
    """What it multiplies always the same weights by at these positions, and what it adds to the values."""
    weights = torch.rand(2, HEADS, 200, 200, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return part.factor(queries, keys), part.values(weights[:, :, queries][..., keys], queries, keys)


def at_input(case, dtype=torch.float64):
    """Its part at the stack's input, or a skip."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        part = case.config.build(case.site)
    if part is None:
        pytest.skip(f"{case.config.choice} does not act on the stack's input")
    return part.to(dtype).eval()


def test_a_position_stands_at_some_site(position_choice, places) -> None:
    assert any(case.config.choice is position_choice for case in places.cases("position"))


def test_a_position_other_than_none_acts_at_the_input_or_inside(position_case) -> None:
    config, site = position_case.config, position_case.site
    acts = config.build(site) is not None or config.build_in_mixer(site, HEADS, HEAD_WIDTH) is not None
    assert acts == (config.choice.name != "none")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_the_input_keeps_its_shape_and_type_and_is_changed(position_case, dtype) -> None:
    part = at_input(position_case, dtype)
    x = position_case.tokens(2, position_case.site.length, dtype)
    with torch.no_grad():
        y = part(x, torch.arange(x.shape[1]))
    assert (y.shape, y.dtype) == (x.shape, dtype) and y.isfinite().all() and not torch.equal(x, y)


def test_the_input_part_tells_positions_apart(position_case) -> None:
    part, length = at_input(position_case), position_case.site.length
    x = position_case.tokens(1, 1).expand(1, length, -1)
    with torch.no_grad():
        rows = part(x, torch.arange(length))[0]
    assert len(rows.unique(dim=0)) == length


def test_the_input_part_with_an_offset_is_a_slice_of_the_whole(position_case) -> None:
    part, length = at_input(position_case), position_case.site.length
    x, positions = position_case.tokens(2, length), torch.arange(length)
    with torch.no_grad():
        whole = part(x, positions)
        for start, end in ((0, 1), (1, length), (length // 2, length // 2 + 1), (length - 1, length)):
            torch.testing.assert_close(
                part(x[:, start:end], positions[start:end]), whole[:, start:end], rtol=0, atol=1e-12
            )


def test_parameters_of_the_input_part_are_as_counted(position_case) -> None:
    built = sum(parameter.numel() for parameter in at_input(position_case).parameters())
    counted = position_case.config.parameters(position_case.site)
    assert counted == built
    assert position_case.config.table_parameters(position_case.site) <= counted


def test_parameters_inside_a_mixer_are_as_counted(position_case) -> None:
    built = sum(parameter.numel() for parameter in inside(position_case).parameters())
    assert position_case.config.mixer_parameters(HEADS, HEAD_WIDTH) == built


def test_capabilities_name_what_acts_inside_a_mixer(position_case, places) -> None:
    part, length = inside(position_case), min(position_case.site.length, 48)
    x, positions = places.normal(1, HEADS, length, HEAD_WIDTH), torch.arange(length)
    able = position_case.config.choice.capabilities
    with torch.no_grad():
        assert torch.equal(part.rotate(x, positions), x) == (Capability.ROTARY not in able)
        assert (bias_of(part, positions, positions) is None) == (Capability.SCORE_BIAS not in able)
        assert not part.acts_on_weights or Capability.WEIGHTS in able
        on_weights = on_weights_of(part, positions, positions)
        assert part.acts_on_weights == any(found is not None for found in on_weights)


def test_rotated_scores_depend_on_the_distance_alone(position_case, places) -> None:
    position_case.need(Capability.ROTARY)
    position_case.refuse(Capability.GRID)
    part = inside(position_case)
    q, k = (places.normal(1, HEADS, 1, HEAD_WIDTH, seed=seed).expand(-1, -1, 40, -1) for seed in (1, 2))
    scores = part.rotate(q, torch.arange(40)) @ part.rotate(k, torch.arange(40)).mT
    step = position_case.site.grid[1] if getattr(position_case.config, "grid", False) else 1  # one down, or one on
    torch.testing.assert_close(scores[..., step:, step:], scores[..., :-step, :-step], rtol=0, atol=1e-5)
    assert not torch.allclose(scores[..., 0, 1], scores[..., 0, 2])


def test_rotation_keeps_lengths_of_vectors(position_case, places) -> None:
    position_case.need(Capability.ROTARY)
    x = places.normal(2, HEADS, position_case.site.length, HEAD_WIDTH)
    turned = inside(position_case).rotate(x, torch.arange(position_case.site.length))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1), rtol=0, atol=1e-6)


def test_rotation_with_an_offset_is_a_slice_of_the_whole(position_case, places) -> None:
    position_case.need(Capability.ROTARY)
    part, length = inside(position_case), position_case.site.length
    x = places.normal(1, HEADS, length, HEAD_WIDTH)
    whole = part.rotate(x, torch.arange(length))
    torch.testing.assert_close(part.rotate(x[:, :, 5:9], torch.arange(5, 9)), whole[:, :, 5:9], rtol=0, atol=1e-12)


def test_a_bias_with_an_offset_is_rows_of_the_whole(position_case) -> None:
    position_case.need(Capability.SCORE_BIAS)
    part, positions = inside(position_case), torch.arange(position_case.site.length)
    with torch.no_grad():
        whole = bias_of(part, positions, positions)
        assert whole.shape[-3:] == (HEADS, len(positions), len(positions)) and whole.isfinite().all()
        torch.testing.assert_close(bias_of(part, positions[5:9], positions), whole[..., 5:9, :], rtol=0, atol=1e-12)


def test_what_acts_on_weights_with_an_offset_is_rows_of_the_whole(position_case) -> None:
    position_case.need(Capability.WEIGHTS)
    part, positions = inside(position_case), torch.arange(position_case.site.length)
    length = len(positions)
    with torch.no_grad():
        whole, rows = on_weights_of(part, positions, positions), on_weights_of(part, positions[5:9], positions)
    for found, slice_of, shape in zip(
        rows, whole, ((HEADS, length, length), (2, HEADS, length, HEAD_WIDTH)), strict=True
    ):
        if slice_of is not None:
            assert slice_of.shape == shape and slice_of.isfinite().all()
            torch.testing.assert_close(found, slice_of[..., 5:9, :], rtol=0, atol=1e-12)


def test_no_pair_of_tokens_is_seen_differently_where_others_are_left_out(position_case) -> None:
    part, positions = inside(position_case), torch.arange(position_case.site.length)
    some = positions[3:40:4]
    with torch.no_grad():
        for whole, chosen in (
            (bias_of(part, positions, positions), bias_of(part, some, some)),
            (part.factor(positions, positions), part.factor(some, some)),
        ):
            if whole is not None:
                torch.testing.assert_close(chosen, whole[..., some, :][..., some], rtol=0, atol=1e-12)


def test_macs_inside_a_mixer_are_as_counted(position_case, places) -> None:
    part, length = inside(position_case), position_case.site.length
    positions, x = torch.arange(length), places.normal(1, HEADS, length, HEAD_WIDTH)
    weights = places.normal(1, HEADS, length, length)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        part.rotate(x, positions)
        part.bias(x, positions, positions)
        part.factor(positions, positions)
        part.values(weights, positions, positions)
    assert 2 * position_case.config.mixer_macs(HEADS, HEAD_WIDTH, length) == counter.get_total_flops()


def test_every_parameter_inside_a_mixer_gets_a_finite_gradient(position_case, places) -> None:
    part, positions = inside(position_case).train(), torch.arange(position_case.site.length)
    parts = (bias_of(part, positions, positions), *on_weights_of(part, positions, positions))
    learned = [found.square().sum() for found in parts if found is not None and found.requires_grad]
    if learned:
        torch.stack(learned).sum().backward()
    for name, parameter in part.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.abs().max() > 0, name


def test_the_form_with_two_axes_refuses_a_sequence_and_stands_on_a_grid(position_choice, places) -> None:
    if "grid" not in position_choice.fields:
        pytest.skip(f"{position_choice} has one form")
    config = position_choice.config(grid=True)
    for name in ("causal", "bidirectional"):
        assert any("needs a grid" in sentence for sentence in config.problems(places.sites[name])), name
    assert not list(config.problems(places.sites["grid"]))


def test_the_form_with_two_axes_tells_a_row_from_a_column(position_choice, places) -> None:
    if "grid" not in position_choice.fields:
        pytest.skip(f"{position_choice} has one form")
    site, config = places.sites["grid"], position_choice.config(grid=True)  # 6 rows of 8
    at = torch.tensor([9, 10, 17])  # a place, its right neighbour, its neighbour below
    outer, part = config.build(site), config.build_in_mixer(site, HEADS, HEAD_WIDTH)
    with torch.no_grad():
        if outer is not None:
            here, right, below = outer(torch.zeros(1, 3, site.width), at)[0]
            half = site.width // 2
            assert torch.equal(here[:half], right[:half]) and not torch.equal(here[half:], right[half:])
            assert torch.equal(here[half:], below[half:]) and not torch.equal(here[:half], below[:half])
        if part is not None and part.bias(torch.ones(1, HEADS, 3, HEAD_WIDTH), at, at) is not None:
            everywhere = torch.arange(48)
            bias = part.bias(torch.ones(1, HEADS, 48, HEAD_WIDTH), everywhere, everywhere)
            torch.testing.assert_close(bias[..., 9, 18], bias[..., 20, 29])  # one down, one right
            assert not torch.allclose(bias[..., 15, 16], bias[..., 14, 15])  # a row's end to the next row's begin


def test_beyond_its_length_a_position_fails_just_where_it_says_so(position_case) -> None:
    config, beyond = position_case.config, position_case.site.length + 3
    if position_case.site.grid:
        pytest.skip("a grid has one length")
    x, positions = position_case.tokens(1, beyond), torch.arange(beyond)

    def run() -> None:
        outer, inner = config.build(position_case.site), config.build_in_mixer(position_case.site, HEADS, HEAD_WIDTH)
        if outer is not None:
            outer.double()(x, positions)
        if inner is not None:
            bias_of(inner.double(), positions, positions)
            on_weights_of(inner, positions, positions)
            inner.rotate(torch.ones(1, HEADS, beyond, HEAD_WIDTH), positions)

    if Capability.FIXED_LENGTH in config.choice.capabilities:
        with pytest.raises((IndexError, RuntimeError, ValueError)):
            run()
    else:
        run()


def test_a_grid_position_refuses_a_sequence(position_choice, places) -> None:
    sentences = list(position_choice.config().problems(places.sites["bidirectional"]))
    assert any("needs a grid" in s for s in sentences) == (Capability.GRID in position_choice.capabilities)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_far_positions_stay_as_exact_as_the_type_allows(position_case, dtype) -> None:
    position_case.refuse(Capability.FIXED_LENGTH)
    site = replace(position_case.site, length=4_000)
    positions = torch.arange(3_000, 3_040)
    x = torch.ones(1, HEADS, 40, HEAD_WIDTH)
    part = position_case.config.build_in_mixer(site, HEADS, HEAD_WIDTH)
    if part is None or position_case.site.grid:
        pytest.skip("does not act inside a mixer on a sequence")
    exact = part.rotate(x, positions)
    rounded = part.to(dtype).rotate(x.to(dtype), positions)
    torch.testing.assert_close(rounded.float(), exact, rtol=0, atol=0.02)


@pytest.mark.parametrize("heads", [1, 2, 4, 6, 8, 12])
def test_alibi_slopes_follow_the_published_rule(heads) -> None:
    def published(n: int) -> list[float]:
        """The rule of the authors' code: a geometric row for powers of two, else the row below and every other above."""
        if n & (n - 1) == 0:
            return [(2.0 ** (-8.0 / n)) ** (k + 1) for k in range(n)]
        below = 2 ** (n.bit_length() - 1)
        return published(below) + published(2 * below)[0::2][: n - below]

    assert slopes(heads) == pytest.approx(published(heads), rel=1e-12)


def test_alibi_of_eight_heads_starts_at_a_half_and_ends_at_one_256th() -> None:
    assert (slopes(8)[0], slopes(8)[-1]) == (1 / 2, 1 / 256)


def test_alibi_takes_the_slope_times_the_distance_off(places) -> None:
    part = choice("position", "alibi").config().build_in_mixer(places.sites["bidirectional"], 4, HEAD_WIDTH)
    bias = bias_of(part, torch.tensor([2]), torch.arange(5))
    expected = -torch.tensor(slopes(4))[:, None, None] * torch.tensor([2.0, 1, 0, 1, 2])
    torch.testing.assert_close(bias, expected)


def test_sinusoidal_waves_are_the_formula_of_the_paper(places) -> None:
    site = places.sites["bidirectional"]
    part = choice("position", "sinusoidal").config().build(site)
    waves = part(torch.zeros(1, 130, 16, dtype=torch.float64), torch.arange(130))[0]
    position, channel = torch.arange(130, dtype=torch.float64)[:, None], torch.arange(16)
    angle = position / 10_000 ** ((channel - channel % 2) / 16)
    expected = torch.where(channel % 2 == 0, angle.sin(), angle.cos())
    torch.testing.assert_close(waves, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("offset", [0, 3])
def test_at_a_context_it_acts_as_at_its_positions(position_case, offset) -> None:
    part, site = at_input(position_case), position_case.site
    length = site.length if site.grid else site.length - 3
    if site.grid and offset:
        pytest.skip("a grid is given whole")
    x = torch.randn(2, length, site.width, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    context = Context(offset=offset, grid=site.grid)
    with torch.no_grad():
        torch.testing.assert_close(part.at(x, context), part(x, context.positions(length, x.device)), rtol=0, atol=0)

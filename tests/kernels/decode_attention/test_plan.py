"""Lean attention's plan shares every tile out once, evenly, and its partials add up to attention."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels.decode_attention import decode_attention_reference
from paretoformer.kernels.decode_attention.plan import LEAST_STEPS, SETUP_STEPS, Plan

PLANS = st.builds(
    Plan.of,
    st.lists(st.integers(0, 90), min_size=1, max_size=6),
    heads=st.integers(1, 4),
    tile=st.integers(1, 40),
    programs=st.integers(1, 60),
)
many = settings(deadline=None, max_examples=200)


@many
@given(plan=PLANS)
def test_spans_cover_all_steps_in_order_once(plan: Plan) -> None:
    covered = [step for program in range(plan.programs) for step in plan.span(program)]
    assert covered == list(range(plan.total))


@many
@given(plan=PLANS)
def test_spans_differ_by_one_step_at_most(plan: Plan) -> None:
    sizes = {len(plan.span(program)) for program in range(plan.programs)}
    assert max(sizes) == plan.most and max(sizes) - min(sizes) <= 1


@many
@given(plan=PLANS)
def test_the_busiest_program_takes_what_pays_for_its_merge(plan: Plan) -> None:
    assert plan.most >= min(LEAST_STEPS, plan.total)


@many
@given(plan=PLANS)
def test_the_owner_of_a_step_has_it_in_its_span(plan: Plan) -> None:
    assert all(step in plan.span(plan.owner(step)) for step in range(plan.total))


@many
@given(plan=PLANS)
def test_the_pieces_of_a_row_are_its_tiles_in_order(plan: Plan) -> None:
    for row, tiles in enumerate(plan.tiles):
        taken = [tile for piece in plan.pieces(row) for tile in range(piece.first, piece.end)]
        assert taken == list(range(tiles))


@many
@given(plan=PLANS)
def test_a_program_joins_another_host_for_its_first_row_only(plan: Plan) -> None:
    joined = [piece.program for row in range(len(plan.tiles)) for piece in plan.pieces(row)[1:]]
    assert len(joined) == len(set(joined))


@many
@given(plan=PLANS)
def test_a_row_has_no_more_pieces_than_the_bound(plan: Plan) -> None:
    even = plan.total % plan.programs == 0
    for row, tiles in enumerate(plan.tiles):
        size = plan.most if even else plan.most - 1
        assert len(plan.pieces(row)) <= 1 + (tiles + SETUP_STEPS + size - 2) // size


def test_a_plan_of_whole_rows_is_one_program_a_row() -> None:
    plan = Plan.of([128] * 3, heads=2, tile=32, programs=6)
    assert [plan.pieces(row)[0].program for row in range(6)] == list(range(6))


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    heads=st.integers(1, 3),
    group=st.integers(1, 2),
    tile=st.integers(1, 16),
    programs=st.integers(1, 30),
    size=st.sampled_from([1.0, 1e4]),
)
def test_partials_of_any_plan_merged_in_order_are_attention(lengths, heads, group, tile, programs, size) -> None:
    generator = torch.Generator().manual_seed(0)
    q = size * torch.randn(len(lengths), heads * group, 3, generator=generator, dtype=torch.float64)
    k, v = torch.randn(2, len(lengths), heads, 40, 3, generator=generator, dtype=torch.float64)
    expected = decode_attention_reference(q, k, v, torch.tensor(lengths))
    plan = Plan.of(lengths, heads=heads, tile=tile, programs=programs)
    for row in range(len(plan.tiles)):
        request, head = divmod(row, heads)
        queries = q[request, head * group : (head + 1) * group]
        state = (torch.full((group,), -torch.inf).double(), torch.zeros(group).double(), torch.zeros(group, 3).double())
        for piece in plan.pieces(row):
            keys = slice(piece.first * tile, min(lengths[request], piece.end * tile))
            state = merged(state, partial(queries, k[request, head, keys], v[request, head, keys]))
        out = state[2] / state[1].where(state[1] > 0, 1.0)[:, None]
        torch.testing.assert_close(out, expected[request, head * group : (head + 1) * group], rtol=1e-12, atol=1e-12)


def partial(q, k, v):
    """(m, z, O) of some keys."""
    scores = q @ k.mT / q.shape[-1] ** 0.5
    m = scores.max(-1).values if len(k) else torch.full((len(q),), -torch.inf).double()
    weights = (scores - m[:, None]).exp()
    return m, weights.sum(-1), weights @ v


def merged(one, other):
    """The partial of both sets of keys."""
    m = torch.maximum(one[0], other[0])
    weights = [(x[0] - m).exp().nan_to_num(0.0) for x in (one, other)]
    return (
        m,
        weights[0] * one[1] + weights[1] * other[1],
        weights[0][:, None] * one[2] + weights[1][:, None] * other[2],
    )

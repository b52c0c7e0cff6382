"""Partials of any cut of the keys merge to the whole attention, and so do their gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paretoformer.kernels import dispatch
from paretoformer.kernels.distributed_attention import partial
from paretoformer.kernels.distributed_attention.partial import Partial, attend, attend_by_tiles, fusable, gradients
from paretoformer.kernels.softmax_attention import softmax_attention_reference


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch) -> None:
    """Several tiles of few rows and keys."""
    monkeypatch.setattr(partial, "QUERY_TILE", 4)
    monkeypatch.setattr(partial, "KEY_TILE", 5)


def operands(queries: int, keys: int, kv: int = 2, group: int = 2, width: int = 4, dtype=torch.float64, size=1.0):
    """q (2, H, T, d), k and v (2, Hkv, S, d), the gradient of out."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((kv * group, queries), (kv, keys), (kv, keys), (kv * group, queries))
    q, k, v, dout = (torch.randn(2, *shape, width, generator=generator, dtype=torch.float64) for shape in shapes)
    return tuple(x.to(dtype) for x in (size * q, k, v, dout))


def over_cuts(
    q: Tensor, k: Tensor, v: Tensor, cuts: list[int], causal: bool
) -> tuple[Partial, list[tuple[slice, int | None]]]:
    """The merged partials of the keys between cuts, and how each part was seen; the last query stands at the last key."""
    edges = [0, *sorted(cuts), k.shape[2]]
    before = k.shape[2] - q.shape[2]
    parts = [(slice(a, b), before - a if causal else None) for a, b in zip(edges, edges[1:], strict=False)]
    whole = Partial.empty(q)
    for keys, shift in parts:
        whole = whole.merged(attend(q, k[:, :, keys], v[:, :, keys], shift))
    return whole, parts


ANY_CUT = {
    "queries": st.integers(1, 11),
    "more": st.integers(0, 9),
    "kv": st.integers(1, 2),
    "group": st.integers(1, 3),
    "cuts": st.lists(st.floats(0, 1), max_size=4),
    "causal": st.booleans(),
    "single": st.booleans(),
}


@settings(deadline=None, max_examples=60)
@given(**ANY_CUT)
def test_partials_of_any_cut_merge_to_the_definition(queries, more, kv, group, cuts, causal, single) -> None:
    keys, dtype, tolerance = queries + more, torch.float32 if single else torch.float64, 1e-5 if single else 1e-12
    q, k, v, _ = operands(queries, keys, kv, group, dtype=dtype)
    whole, _ = over_cuts(q, k, v, [round(cut * keys) for cut in cuts], causal)
    out, lse = whole.finished(dtype)
    exact = softmax_attention_reference(q, k, v, causal=causal)
    torch.testing.assert_close(out, exact, rtol=tolerance, atol=tolerance)
    assert lse.shape == q.shape[:3] and out.dtype == dtype


@settings(deadline=None, max_examples=40)
@given(**ANY_CUT)
def test_gradients_of_any_cut_add_up_to_those_of_the_definition(queries, more, kv, group, cuts, causal, single) -> None:
    keys, dtype, tolerance = queries + more, torch.float32 if single else torch.float64, 1e-4 if single else 1e-10
    q, k, v, dout = operands(queries, keys, kv, group, dtype=dtype)
    whole, parts = over_cuts(q, k, v, [round(cut * keys) for cut in cuts], causal)
    out, lse = whole.finished(dtype)
    found = [torch.zeros_like(x) for x in (q, k, v)]
    for at, shift in parts:
        dq, dk, dv = gradients(q, k[:, :, at], v[:, :, at], out, lse, dout, shift)
        found[0] += dq
        found[1][:, :, at] += dk
        found[2][:, :, at] += dv
    exact = [x.clone().requires_grad_() for x in (q, k, v)]
    expected = torch.autograd.grad(softmax_attention_reference(*exact, causal=causal), exact, dout)
    torch.testing.assert_close(found, list(expected), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shift", [None, 0])
def test_torchs_fused_form_is_that_of_tiles(shift) -> None:
    q, k, v, dout = operands(9, 9)
    assert fusable(q, k, shift)
    fused, tiles = attend(q, k, v, shift), attend_by_tiles(q, k, v, shift)
    torch.testing.assert_close(fused.finished(q.dtype), tiles.finished(q.dtype), rtol=1e-12, atol=1e-12)
    out, lse = fused.finished(q.dtype)
    rest = (q, k, v, out, lse, dout, shift)
    torch.testing.assert_close(gradients(*rest), partial.gradients_by_tiles(*rest), rtol=1e-11, atol=1e-11)


def test_the_environment_forces_tiles(monkeypatch) -> None:
    q, k, _, _ = operands(3, 3)
    monkeypatch.setattr(dispatch, "FORCED", True)
    assert not fusable(q, k, None)


@pytest.mark.parametrize(("queries", "keys"), [(0, 4), (4, 0), (0, 0)])
def test_no_operand_without_tokens_is_given_to_torchs_fused_form(queries, keys) -> None:
    q, k, v, dout = operands(queries, keys)
    out, lse = attend(q, k, v, None).finished(q.dtype)
    assert torch.equal(out, torch.zeros_like(q))
    assert all(not part.any() for part in gradients(q, k, v, out, lse, dout, None))


def test_merging_is_associative_and_commutative() -> None:
    q, k, v, _ = operands(5, 9, size=30.0)
    one, two, three = (attend(q, k[:, :, a:b], v[:, :, a:b], None) for a, b in ((0, 2), (2, 3), (3, 9)))
    ways = [one.merged(two).merged(three), one.merged(two.merged(three)), three.merged(one).merged(two)]
    for way in ways[1:]:
        torch.testing.assert_close(way.finished(q.dtype), ways[0].finished(q.dtype), rtol=1e-14, atol=1e-14)


def test_a_partial_without_keys_changes_nothing() -> None:
    q, k, v, _ = operands(5, 9)
    one = attend(q, k, v, None)
    for both in (one.merged(Partial.empty(q)), Partial.empty(q).merged(one)):
        assert all(torch.equal(x, y) for x, y in zip(both.finished(q.dtype), one.finished(q.dtype), strict=True))


def test_a_row_that_sees_no_key_gives_zeros_and_no_gradient() -> None:
    q, k, v, dout = operands(6, 6)
    partial_of_late_keys = attend(q, k, v, -3)
    out, lse = partial_of_late_keys.finished(q.dtype)
    assert not out[:, :, :3].any() and (lse[:, :, :3] == -torch.inf).all()
    dq, dk, dv = gradients(q, k, v, out, lse, dout, -3)
    assert not dq[:, :, :3].any() and all(x.isfinite().all() for x in (dq, dk, dv))
    torch.testing.assert_close(
        out[:, :, 3:], softmax_attention_reference(q[:, :, 3:], k[:, :, :3], v[:, :, :3], causal=True)
    )


def test_scores_of_ten_thousands_do_not_overflow() -> None:
    q, k, v, _ = operands(6, 6, dtype=torch.float32, size=1e4)
    halves = [attend(q, k[:, :, at], v[:, :, at], None) for at in (slice(0, 3), slice(3, 6))]
    torch.testing.assert_close(
        halves[0].merged(halves[1]).finished(q.dtype)[0], softmax_attention_reference(q, k, v, causal=False)
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_numbers_are_merged_in_fp32(dtype) -> None:
    q, k, v, _ = operands(8, 64, dtype=dtype)
    parts = [attend(q, k[:, :, i : i + 8], v[:, :, i : i + 8], None) for i in range(0, 64, 8)]
    assert {part.weighted.dtype for part in parts} == {torch.float32}
    whole = Partial.empty(q)
    for part in parts:
        whole = whole.merged(part)
    out, _ = whole.finished(dtype)
    exact = softmax_attention_reference(q.double(), k.double(), v.double(), causal=False)
    assert out.dtype == dtype and (out.double() - exact).norm() <= 1e-2 * exact.norm()


def test_tensors_that_are_not_contiguous_give_the_same() -> None:
    q, k, v, _ = operands(6, 6)
    turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]
    torch.testing.assert_close(attend(*turned, 0).finished(q.dtype), attend(q, k, v, 0).finished(q.dtype))

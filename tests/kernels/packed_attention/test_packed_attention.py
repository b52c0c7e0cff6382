"""Packed attention is softmax attention within each sequence, whichever way it is computed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels import Packing, dispatch, packed_attention
from paretoformer.kernels.dispatch import Path, forget_paths, paths_taken
from paretoformer.kernels.packed_attention import _padded, groups, packed_attention_reference, packed_rule
from paretoformer.kernels.softmax_attention import softmax_attention_reference


def operands(lengths, heads: int, kv: int, width: int, dtype=torch.float64, size: float = 1.0):
    """q (M, H, d), k and v (M, Hkv, d), packing."""
    packing = Packing.of(torch.tensor(lengths), max(*lengths, 1))
    generator = torch.Generator().manual_seed(0)
    q, k, v = (
        torch.randn(packing.tokens, h, width, generator=generator, dtype=torch.float64).to(dtype)
        for h in (heads, kv, kv)
    )
    return size * q, k, v, packing


@pytest.mark.parametrize("causal", [False, True])
def test_the_definition_is_softmax_attention_of_each_sequence_alone(causal) -> None:
    q, k, v, packing = operands([9, 1, 0, 4], 4, 2, 5)
    out = packed_attention_reference(q, k, v, packing, causal)
    for start, length in zip(packing.offsets.tolist(), packing.lengths, strict=False):
        own = (x[start : start + length].transpose(0, 1)[None] for x in (q, k, v))
        alone = softmax_attention_reference(*own, causal=causal)[0].transpose(0, 1)
        torch.testing.assert_close(out[start : start + length], alone, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=80)
@given(
    lengths=st.lists(st.integers(0, 20), min_size=1, max_size=5).filter(any),
    kv=st.integers(1, 3),
    group=st.integers(1, 3),
    width=st.integers(1, 9),
    causal=st.booleans(),
    single=st.booleans(),
    alone=st.booleans(),
    padded=st.booleans(),
)
def test_torchs_forms_are_the_definition(lengths, kv, group, width, causal, single, alone, padded) -> None:
    dtype, tolerance = (torch.float32, 1e-5) if single else (torch.float64, 1e-10)
    q, k, v, packing = operands(lengths, kv * group, kv, width, dtype)
    expected = packed_attention_reference(q, k, v, packing, causal)
    with pytest.MonkeyPatch.context() as patch:
        if alone:
            patch.setattr(groups, "CALL_MACS", 0)
        out = (_padded if padded else packed_attention)(q, k, v, packing, causal)
    torch.testing.assert_close(out, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("call_macs", [0, 10_000])
@pytest.mark.parametrize("way", [packed_attention, _padded])
def test_gradients_are_those_of_the_definition(way, call_macs, causal, monkeypatch) -> None:
    monkeypatch.setattr(groups, "CALL_MACS", call_macs)
    q, k, v, packing = operands([9, 1, 0, 40, 38], 4, 2, 5)
    given = [x.requires_grad_() for x in (q, k, v)]
    found = torch.autograd.grad(way(*given, packing, causal).sin().sum(), given)
    exact = torch.autograd.grad(packed_attention_reference(*given, packing, causal).sin().sum(), given)
    torch.testing.assert_close(found, exact, rtol=1e-10, atol=1e-10)


def test_gradients_are_finite_differences() -> None:
    q, k, v, packing = operands([3, 0, 2], 2, 1, 3)
    assert torch.autograd.gradcheck(lambda *x: packed_attention(*x, packing), [x.requires_grad_() for x in (q, k, v)])


def test_a_sequence_gives_the_same_in_any_batch_and_at_any_padding() -> None:
    q, k, v, packing = operands([9, 4, 7], 2, 2, 4)
    out = packed_attention(q, k, v, packing)
    longer = Packing.of(torch.tensor([9, 4, 7]), 50)
    torch.testing.assert_close(packed_attention(q, k, v, longer), out, rtol=0, atol=1e-12)
    alone = packed_attention(q[9:13], k[9:13], v[9:13], Packing.of(torch.tensor([4]), 4))
    torch.testing.assert_close(out[9:13], alone, rtol=1e-12, atol=1e-12)


def test_scores_of_ten_thousands_do_not_overflow() -> None:
    q, k, v, packing = operands([30, 2, 17], 2, 1, 8, torch.float32, size=1e4)
    exact = packed_attention_reference(q.double(), k.double(), v.double(), packing)
    assert (packed_attention(q, k, v, packing).double() - exact).norm() <= 1e-5 * exact.norm()


def test_operands_that_are_not_contiguous_give_the_same() -> None:
    q, k, v, packing = operands([9, 4, 200], 2, 2, 4)
    turned = [x.transpose(0, 1).contiguous().transpose(0, 1) for x in (q, k, v)]
    torch.testing.assert_close(packed_attention(*turned, packing), packed_attention(q, k, v, packing))


def test_no_tokens_give_none() -> None:
    q, k, v, packing = operands([0, 0], 2, 1, 4)
    assert packed_attention(q, k, v, packing).shape == (0, 2, 4)


def test_forced_definitions_are_taken(monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "FORCED", True)
    forget_paths()
    q, k, v, packing = operands([3, 1], 2, 1, 4)
    expected = packed_attention_reference(q, k, v, packing)
    assert torch.equal(packed_attention(q, k, v, packing), expected)
    assert paths_taken() == {"packed_attention": ("reference",)}


@pytest.mark.parametrize("q_shape", [(5, 3, 4), (5, 4, 5), (4, 4, 4), (5, 4, 1, 4)])
def test_shapes_that_do_not_fit_are_named(q_shape) -> None:
    _, k, v, packing = operands([4, 1], 4, 2, 4)
    with pytest.raises(ValueError, match="packed attention takes q .* got q .*float64 cpu, k .5, 2, 4. float64"):
        packed_attention(torch.zeros(*q_shape, dtype=torch.float64), k, v, packing)


def test_another_number_of_rows_than_its_packing_has_is_refused() -> None:
    q, k, v, _ = operands([4, 1], 4, 2, 4)
    with pytest.raises(ValueError, match="takes the 6 rows of its packing, got q"):
        packed_attention(q, k, v, Packing.of(torch.tensor([4, 2]), 4))


def test_mixed_dtypes_and_devices_are_refused() -> None:
    q, k, v, packing = operands([4, 1], 4, 2, 4)
    with pytest.raises(ValueError, match=r"one floating-point dtype, got q \(5, 4, 4\) float32 cpu"):
        packed_attention(q.float(), k, v, packing)
    with pytest.raises(ValueError, match=r"one device, got q .* meta, .* a packing on cpu"):
        packed_attention(q.to("meta"), k.to("meta"), v.to("meta"), packing)


def test_the_rule_takes_the_kernels_for_numbers_that_they_know() -> None:
    q, k, v, _ = operands([4, 1], 4, 2, 4)
    assert packed_rule(q.float(), k.float(), v.float()) is Path.TRITON
    assert "float64" in packed_rule(q, k, v)
    assert "300 numbers are wider than 256" in packed_rule(*operands([4], 1, 1, 300, torch.float32)[:3])

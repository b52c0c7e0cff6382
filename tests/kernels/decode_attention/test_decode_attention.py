"""Attention of one new query is softmax attention of each request's own keys, whichever way it is computed."""

import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels import decode_attention, softmax_attention
from paretoformer.kernels.decode_attention import decode_attention_reference, decode_rule
from paretoformer.kernels.dispatch import Path
from paretoformer.kernels.softmax_attention import softmax_attention_reference


def operands(batch: int, heads: int, kv: int, keys: int, width: int, dtype=torch.float64):
    """q (B, H, d), k and v (B, Hkv, S, d)."""
    generator = torch.Generator().manual_seed(0)
    return tuple(
        torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)
        for shape in ((batch, heads, width), (batch, kv, keys, width), (batch, kv, keys, width))
    )


def test_the_definition_is_softmax_attention_of_the_keys_that_count() -> None:
    q, k, v = operands(3, 4, 2, 9, 5)
    out = decode_attention_reference(q, k, v, torch.tensor([9, 1, 4]))
    for request, length in enumerate((9, 1, 4)):
        part = slice(request, request + 1)
        alone = softmax_attention_reference(q[part, :, None], k[part, :, :length], v[part, :, :length], causal=False)
        torch.testing.assert_close(out[part], alone[:, :, 0], rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    ragged=st.booleans(),
    kv=st.integers(1, 3),
    group=st.integers(1, 3),
    width=st.integers(1, 9),
    single=st.booleans(),
    call_macs=st.sampled_from([0, 100_000]),
)
def test_torchs_form_is_the_definition(lengths, ragged, kv, group, width, single, call_macs) -> None:
    dtype, tolerance = (torch.float32, 1e-5) if single else (torch.float64, 1e-10)
    q, k, v = operands(len(lengths), kv * group, kv, 20, width, dtype)
    given = torch.tensor(lengths) if ragged else None
    expected = decode_attention_reference(q, k, v, given)
    with pytest.MonkeyPatch.context() as patch:  # request by request, or with a mask
        patch.setattr(sys.modules[decode_attention.__module__], "CALL_MACS", call_macs)
        out = decode_attention(q, k, v, given)
    torch.testing.assert_close(out, expected, rtol=tolerance, atol=tolerance)


def test_where_it_is_much_padding_is_not_touched() -> None:
    q, k, v = operands(2, 4, 2, 600, 64)
    lengths = torch.tensor([600, 3])
    out = decode_attention(q, k, v, lengths)
    k[1, :, 3:], v[1, :, 3:] = torch.nan, torch.nan
    assert torch.equal(decode_attention(q, k, v, lengths), out)


def test_a_request_without_keys_gives_zeros() -> None:
    q, k, v = operands(2, 2, 1, 4, 3)
    assert decode_attention(q, k, v, torch.tensor([0, 4]))[0].eq(0).all()


def test_a_compiled_call_with_lengths_is_the_definition() -> None:
    q, k, v = operands(3, 4, 2, 6, 4)
    lengths = torch.tensor([6, 0, 2])
    compiled = torch.compile(decode_attention, backend="eager", fullgraph=True)
    expected = decode_attention_reference(q, k, v, lengths)
    torch.testing.assert_close(compiled(q, k, v, lengths), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("q_shape", [(2, 3, 4), (2, 4, 5), (1, 4, 4), (2, 4, 1, 4)])
def test_shapes_that_do_not_fit_are_named(q_shape) -> None:
    _, k, v = operands(2, 4, 2, 6, 4)
    with pytest.raises(ValueError, match="decode attention takes q .* got q .*float64 cpu, k .2, 2, 6, 4. float64"):
        decode_attention(torch.zeros(*q_shape, dtype=torch.float64), k, v)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got q \(0, 4, 4\)"):
        decode_attention(*operands(0, 4, 2, 6, 4))


def test_mixed_dtypes_are_refused() -> None:
    q, k, v = operands(2, 4, 2, 6, 4)
    with pytest.raises(ValueError, match=r"one floating-point dtype on one device, got q \(2, 4, 4\) float32 cpu"):
        decode_attention(q.float(), k, v)


@pytest.mark.parametrize("lengths", [[-1, 2], [2, 7]])
def test_lengths_that_cannot_be_are_refused(lengths) -> None:
    with pytest.raises(ValueError, match=r"lengths are 0 to 6, the keys that there are, got \["):
        decode_attention(*operands(2, 4, 2, 6, 4), torch.tensor(lengths))


@pytest.mark.parametrize("lengths", [torch.tensor([1, 2, 3]), torch.tensor([1.0, 2.0]), torch.tensor([True, False])])
def test_lengths_of_another_shape_or_kind_are_refused(lengths) -> None:
    with pytest.raises(ValueError, match="lengths are .B,. of int32 or int64"):
        decode_attention(*operands(2, 4, 2, 6, 4), lengths)


def on_gpu(keys: int, width: int = 64, dtype=torch.float32):
    """Operands without memory, and lengths."""
    q = torch.empty(2, 4, width, dtype=dtype, device="meta")
    k = torch.empty(2, 2, keys, width, dtype=dtype, device="meta")
    return q, k, k, torch.tensor([1, 2])


def test_the_rule_takes_the_kernel_for_many_keys_of_requests_of_their_own_lengths() -> None:
    q, k, v, lengths = on_gpu(1 << 20)
    assert decode_rule(q, k, v, lengths) is Path.TRITON
    assert decode_rule(q, k, v, None) is Path.TORCH
    assert decode_rule(*on_gpu(1 << 10)) is Path.TORCH


def test_the_rule_says_what_the_kernel_cannot_take() -> None:
    assert "float64" in decode_rule(*on_gpu(1 << 20, dtype=torch.float64))
    assert "300 numbers are wider than 256" in decode_rule(*on_gpu(1 << 20, width=300))
    q, k, v, lengths = on_gpu(1 << 20)
    assert "64 query heads that share keys are more than 32" in decode_rule(q.repeat(1, 32, 1), k, v, lengths)


def test_the_rule_leaves_gradients_to_torch() -> None:
    q, k, v, lengths = on_gpu(1 << 20)
    assert decode_rule(q.requires_grad_(), k, v, lengths) is Path.TORCH


def test_one_query_of_softmax_attention_is_decoding() -> None:
    q, k, v = operands(2, 4, 2, 6, 4)
    torch.testing.assert_close(softmax_attention(q[:, :, None], k, v, causal=True)[:, :, 0], decode_attention(q, k, v))

"""The form of linear attention that is linear in length is its definition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paretoformer.kernels.linear_attention import (
    CHUNK,
    linear_attention,
    linear_attention_reference,
    linear_attention_with_divisor,
)

AROUND_CHUNKS = st.sampled_from([1, 2, 3, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 2]) | st.integers(1, 150)


def normal(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def operands(batch: int, heads: int, length: int, width: int, columns: int, dtype=torch.float64):
    """Positive features q, k (B, H, N, d), values (B, H, N, e)."""
    q, k = (normal(batch, heads, length, width, seed=seed, dtype=dtype).abs() for seed in (1, 2))
    return q, k, normal(batch, heads, length, columns, seed=3, dtype=dtype)


@settings(deadline=None, max_examples=80)
@given(
    batch=st.integers(1, 2),
    heads=st.integers(1, 3),
    length=AROUND_CHUNKS,
    width=st.integers(1, 5),
    columns=st.integers(1, 5),
    causal=st.booleans(),
    stateful=st.booleans(),
    single=st.booleans(),
)
def test_the_linear_form_is_the_definition(batch, heads, length, width, columns, causal, stateful, single) -> None:
    dtype, tolerance = (torch.float32, 1e-5) if single else (torch.float64, 1e-10)
    q, k, v = operands(batch, heads, length, width, columns, dtype)
    state = normal(batch, heads, width, columns, seed=4, dtype=dtype) if causal and stateful else None
    out, after = linear_attention(q, k, v, causal=causal, state=state)
    expected, expected_after = linear_attention_reference(q, k, v, causal=causal, state=state)
    scale = expected.abs().max().item() + 1  # sums of up to 150 terms cancel, so the error is relative to the largest
    torch.testing.assert_close(out, expected, rtol=tolerance, atol=tolerance * scale)
    assert (after is None) == (state is None)
    if after is not None:
        torch.testing.assert_close(after, expected_after, rtol=tolerance, atol=tolerance * scale)


@settings(deadline=None, max_examples=40)
@given(pieces=st.lists(AROUND_CHUNKS, min_size=1, max_size=4))
def test_a_state_carries_a_sequence_over_any_split(pieces) -> None:
    q, k, v = operands(1, 2, sum(pieces), 3, 4)
    whole, _ = linear_attention_reference(q, k, v, causal=True)
    state, outputs = torch.zeros(1, 2, 3, 4, dtype=torch.float64), []
    for part in zip(*(x.split(pieces, 2) for x in (q, k, v)), strict=True):
        y, state = linear_attention(*part, causal=True, state=state)
        outputs.append(y)
    torch.testing.assert_close(torch.cat(outputs, 2), whole, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(state, k.mT @ v, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("length", [1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_a_state_that_is_given_is_not_written(length) -> None:
    q, k, v = operands(1, 1, length, 3, 4)
    state = normal(1, 1, 3, 4, seed=4)
    before = state.clone()
    linear_attention(q, k, v, causal=True, state=state)
    assert torch.equal(state, before)


@pytest.mark.parametrize("piece", [1, CHUNK])
def test_a_wide_state_keeps_growing_under_narrow_operands(piece) -> None:
    ones = torch.ones(1, 1, 1_024, 1, dtype=torch.bfloat16)
    state = torch.zeros(1, 1, 1, 1)
    for part in ones.split(piece, 2):
        out, state = linear_attention(part, part, part, causal=True, state=state)
    assert (state.item(), out[0, 0, -1].item(), out.dtype) == (1_024, 1_024, torch.bfloat16)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("length", [5, CHUNK + 2])
def test_a_key_of_zeros_has_no_influence(causal, length) -> None:
    q, k, v = operands(1, 2, length, 3, 4)
    k[:, :, 2] = 0
    out, _ = linear_attention(q, k, v, causal=causal)
    v[:, :, 2] = 1e6
    torch.testing.assert_close(linear_attention(q, k, v, causal=causal)[0], out, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("causal", [False, True])
def test_tensors_that_are_not_contiguous_give_the_same(causal) -> None:
    q, k, v = operands(2, 3, CHUNK + 5, 4, 4)
    turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]
    expected, _ = linear_attention_reference(q, k, v, causal=causal)
    torch.testing.assert_close(linear_attention(*turned, causal=causal)[0], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("length", [3, CHUNK + 1])
def test_gradients_are_those_of_finite_differences(length) -> None:
    q, k, v = (x.requires_grad_() for x in operands(1, 1, length, 1, 1))
    state = normal(1, 1, 1, 1, seed=4).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda q, k, v, state: linear_attention(q, k, v, causal=True, state=state), (q, k, v, state), fast_mode=True
    )


def test_gradients_of_the_linear_form_are_those_of_the_definition() -> None:
    gradients = []
    for attend in (linear_attention, linear_attention_reference):
        given = [x.requires_grad_() for x in operands(2, 2, CHUNK + 6, 3, 4)]
        attend(*given, causal=True)[0].square().sum().backward()
        gradients.append([x.grad for x in given])
    for fast, plain in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("length", [3, CHUNK + 1])
def test_the_divisor_is_the_sum_of_a_rows_weights(causal, length) -> None:
    q, k, v = operands(2, 3, length, 4, 5)
    total, divisor, state = linear_attention_with_divisor(q, k, v, causal=causal)
    weights = q @ k.mT
    weights = weights.tril() if causal else weights
    torch.testing.assert_close(total, weights @ v, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(divisor, weights.sum(-1, keepdim=True), rtol=1e-10, atol=1e-10)
    assert state is None


def test_a_state_with_the_divisors_column_carries_both() -> None:
    q, k, v = operands(1, 2, CHUNK + 3, 4, 5)
    state = torch.zeros(1, 2, 4, 6, dtype=torch.float64)
    *_, state = linear_attention_with_divisor(q[:, :, :9], k[:, :, :9], v[:, :, :9], causal=True, state=state)
    total, divisor, _ = linear_attention_with_divisor(q[:, :, 9:], k[:, :, 9:], v[:, :, 9:], causal=True, state=state)
    whole, sums, _ = linear_attention_with_divisor(q, k, v, causal=True)
    torch.testing.assert_close(total, whole[:, :, 9:], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(divisor, sums[:, :, 9:], rtol=1e-10, atol=1e-10)


def test_shapes_that_do_not_fit_are_named() -> None:
    q, k, v = operands(1, 2, 4, 4, 5)
    with pytest.raises(ValueError, match=r"got q \(1, 2, 4, 4\) float64 cpu, k \(1, 2, 3, 4\)"):
        linear_attention(q, k[:, :, :3], v, causal=True)
    with pytest.raises(ValueError, match=r"the state beside q and v is \(B, H, d, 5\), got .*state \(1, 2, 5, 4\)"):
        linear_attention(q, k, v, causal=True, state=torch.zeros(1, 2, 5, 4))


def test_one_dtype_is_needed_but_under_autocast() -> None:
    q, k, v = operands(1, 2, 4, 4, 5)
    with pytest.raises(
        ValueError, match=r"one floating-point dtype on one device, got q \(1, 2, 4, 4\) float32 cpu, k .* float64"
    ):
        linear_attention(q.float(), k, v, causal=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, _ = linear_attention(q.float(), k.bfloat16(), v.float(), causal=True)
    expected, _ = linear_attention(q, k, v, causal=True)
    assert (found - expected).norm() < 0.02 * expected.norm()


def test_a_state_without_an_order_is_refused() -> None:
    q, k, v = operands(1, 2, 4, 4, 5)
    with pytest.raises(ValueError, match=r"in causal order alone, got q .*state \(1, 2, 4, 5\)"):
        linear_attention(q, k, v, causal=False, state=torch.zeros(1, 2, 4, 5))


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match=r"B at least 1, got q \(0, 2, 4, 4\)"):
        linear_attention(*operands(0, 2, 4, 4, 5), causal=True)

"""The Triton kernels of causal linear attention are its definition, forward and backward."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("triton")

from paretoformer.kernels.dispatch import Path
from paretoformer.kernels.linear_attention import (
    linear_attention,
    linear_attention_reference,
    linear_attention_with_divisor,
    scan_rule,
)
from paretoformer.kernels.linear_attention.scan import causal_linear_attention, scan, scan_with_divisor

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def operands(batch: int, heads: int, length: int, width: int, columns: int, dtype=torch.float32):
    """Positive q, k (B, H, N, d), v (B, H, N, e), a state (B, H, d, e)."""
    generator = torch.Generator().manual_seed(0)
    q, k, v, state = (
        torch.randn(batch, heads, *shape, generator=generator).to(DEVICE)
        for shape in ((length, width), (length, width), (length, columns), (width, columns))
    )
    return q.abs().to(dtype), k.abs().to(dtype), v.to(dtype), state


def close(found, exact, tolerance: float = 1e-5) -> bool:
    return bool((found.double() - exact.double()).norm() <= tolerance * exact.double().norm().clamp_min(1e-30))


@settings(deadline=None, max_examples=12)
@given(
    batch=st.integers(1, 2),
    heads=st.integers(1, 2),
    length=st.sampled_from([1, 5, 63, 64, 65, 130]),
    width=st.sampled_from([1, 8, 20, 33]),
    columns=st.sampled_from([1, 8, 9, 20]),
    stateful=st.booleans(),
)
def test_outputs_and_new_states_are_the_definition(batch, heads, length, width, columns, stateful) -> None:
    q, k, v, state = operands(batch, heads, length, width, columns)
    start = state if stateful else None
    exact, _ = linear_attention_reference(q.double(), k.double(), v.double(), causal=True, state=start)
    out, after = scan(q, k, v, start)
    assert out.shape == v.shape and close(out, exact)
    assert after.dtype == torch.float32 and close(after, k.mT @ v + (state if stateful else 0))


def test_with_time_turned_round_each_row_sums_over_what_follows() -> None:
    q, k, v, state = operands(1, 2, 70, 16, 16)
    expected, _ = linear_attention_reference(*(x.double().flip(2) for x in (q, k, v)), causal=True, state=state)
    out, after = causal_linear_attention(q, k, v, state, True)
    assert close(out, expected.flip(2)) and close(after, state + k.mT @ v)


def by_operator(q, k, v, state):
    return causal_linear_attention(q, k, v, state, False)


@pytest.mark.parametrize("way", [scan, by_operator])
@pytest.mark.parametrize("columns", [16, 9])
@pytest.mark.parametrize("stateful", [False, True])
def test_gradients_are_those_of_the_definition(way, columns, stateful) -> None:
    gradients = []
    for attend, dtype in ((way, torch.float32), (by_definition, torch.float64)):
        given = [x.to(dtype).requires_grad_() for x in operands(1, 2, 70, 16, columns)]
        out, after = attend(*given[:3], given[3] if stateful else None)
        loss = (out.square().sum() + after.sin().sum()) if stateful else out.square().sum()
        gradients.append(torch.autograd.grad(loss, given if stateful else given[:3]))
    for found, exact in zip(*gradients, strict=True):
        assert close(found, exact)


def by_definition(q, k, v, state):
    out, after = linear_attention_reference(q, k, v, causal=True, state=state)
    return out, k.mT @ v if after is None else after


def test_gradients_through_the_state_alone_reach_keys_and_values() -> None:
    q, k, v, state = (x.requires_grad_() for x in operands(1, 1, 20, 8, 8))
    _, after = scan(q, k, v, state)
    dk, dstate = torch.autograd.grad(after.sum(), (k, state))
    assert close(dk, v.sum(-1, keepdim=True).expand_as(k)) and dstate.eq(1).all()


def test_half_precision_keeps_its_sums_in_fp32() -> None:
    q, k, v, state = operands(1, 2, 130, 16, 16, torch.float16)
    exact, _ = linear_attention_reference(q.double(), k.double(), v.double(), causal=True, state=state.double())
    assert close(scan(q, k, v, state)[0], exact, 2e-3)


def test_sums_of_fp16_may_exceed_its_largest_number_on_the_way() -> None:
    """600 keys of size 12 are 7,200 in each of 8 places; with small queries the answer is small."""
    q, k = torch.full((1, 1, 600, 8), 1e-3), torch.full((1, 1, 600, 8), 12.0)
    v = torch.full((1, 1, 600, 8), 12.0)
    for causal in (False, True):
        exact = linear_attention_reference(q.half().double(), k.double(), v.double(), causal=causal)[0]
        assert (k.mT @ v).max() > torch.finfo(torch.float16).max
        found = linear_attention(q.half(), k.half(), v.half(), causal=causal)[0]
        assert found.dtype == torch.float32 and close(found, exact, 2e-3)
        total, divisor, _ = linear_attention_with_divisor(q.half(), k.half(), v.half(), causal=causal)
        assert close(total / divisor, torch.full_like(total, 12.0).double(), 2e-3)


def test_operands_that_are_not_contiguous_give_the_same() -> None:
    q, k, v, state = operands(2, 3, 66, 16, 16)
    turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]
    assert torch.equal(scan(*turned, state.mT.contiguous().mT)[0], scan(q, k, v, state)[0])


def test_a_state_that_is_given_is_not_written() -> None:
    q, k, v, state = operands(1, 1, 66, 8, 8)
    before = state.clone()
    scan(q, k, v, state)
    assert torch.equal(state, before)


@pytest.mark.parametrize("stateful", [False, True])
def test_it_is_an_operator_of_torch(stateful) -> None:
    q, k, v, state = (x.requires_grad_() for x in operands(1, 1, 5, 8, 8))
    torch.library.opcheck(causal_linear_attention, (q, k, v, state if stateful else None, False))


def test_the_rule_takes_the_kernels_for_numbers_that_they_know() -> None:
    q, k, v, state = operands(1, 1, 6_000, 4, 4)
    assert scan_rule(q, k, v, True, state) is Path.TRITON
    assert "float64" in scan_rule(q.double(), k.double(), v.double(), True, None)
    assert "one dtype" in scan_rule(q, k.half(), v, True, None)
    assert "200 and 2 numbers are wider" in scan_rule(*operands(1, 1, 6_000, 200, 2)[:3], True, None)


@pytest.mark.parametrize(("length", "causal"), [(6_000, False), (1, True), (64, True)])
def test_the_rule_leaves_two_products_to_torch(length, causal) -> None:
    q, k, v, _ = operands(1, 1, length, 4, 4)
    assert scan_rule(q, k, v, causal, None) is Path.TORCH


@pytest.mark.parametrize("stateful", [False, True])
def test_ones_beside_the_values_give_the_divisor(stateful) -> None:
    q, k, v, _ = operands(1, 2, 70, 8, 8)
    state = operands(1, 2, 1, 8, 9)[3] if stateful else None
    beside = torch.cat((v, torch.ones_like(v[..., :1])), -1)
    both, after = linear_attention_reference(q, k, beside, causal=True, state=state)
    total, divisor, sums = scan_with_divisor(q, k, v, state)
    assert close(total, both[..., :-1]) and close(divisor, both[..., -1:])
    assert (after is None and sums is None) or close(sums, after)

"""Hash attention by sums of codes is its definition with all weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paretoformer.kernels import dispatch
from paretoformer.kernels.hash_attention import hash_attention, hash_sums, hash_sums_reference

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def codes(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return (2 * torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(seed)) - 1).to(dtype)


def normal(*shape: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def operands(length: int = 70, bits: int = 5, columns: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    return (
        codes(2, 3, length, bits, seed=1),
        codes(2, 3, length, bits, seed=2),
        normal(2, 3, length, columns, seed=3),
    )


def kept(length: int, *lengths: int) -> Tensor:
    return torch.arange(length) < torch.tensor(lengths)[:, None]


@settings(deadline=None, max_examples=40)
@given(
    length=st.integers(1, 150),
    bits=st.integers(1, 9),
    columns=st.integers(1, 6),
    beta=st.sampled_from((0.0, 9.0, 16.0)),
    causal=st.booleans(),
    share=st.sampled_from((None, 0.0, 0.5)),
)
def test_sums_are_the_definition(length, bits, columns, beta, causal, share) -> None:
    given = operands(length, bits, columns)
    valid = None if share is None else kept(length, length, int(share * length))
    found = hash_sums(*given, beta=beta, causal=causal, valid=valid)
    for one, other in zip(found, hash_sums_reference(*given, beta=beta, causal=causal, valid=valid), strict=False):
        torch.testing.assert_close(one, other, **CLOSE)


@pytest.mark.parametrize("causal", [False, True])
def test_codes_in_bytes_are_codes(causal) -> None:
    q, k, v = operands()
    found = hash_sums(q.to(torch.int8), k.to(torch.int8), v, beta=8.0, causal=causal)
    for one, other in zip(found[:2], hash_sums(q, k, v, beta=8.0, causal=causal), strict=False):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_sums_of_weights_are_exact_in_any_dtype(dtype) -> None:
    length, bits = 5_001, 16
    q = codes(1, 1, length, bits, seed=1, dtype=dtype)
    _, divisor, _ = hash_sums(q, q, normal(1, 1, length, 2, seed=2, dtype=dtype), beta=32.0, causal=True)
    whole = (q.long() * q.long().cumsum(2)).sum(-1, keepdim=True) + 32 * torch.arange(1, length + 1)[:, None]
    assert divisor.dtype == torch.float32 and torch.equal(divisor.long(), whole) and divisor.frac().eq(0).all()


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 1.5e-2), (torch.float16, 3e-3)]
)
@pytest.mark.parametrize("causal", [False, True])
def test_a_mean_is_one_in_any_dtype(dtype, tolerance, causal) -> None:
    q, k, v = (x.to(dtype) for x in operands(300, 16, 8))
    total, divisor = hash_sums_reference(q.double(), k.double(), v.double(), beta=17.0, causal=causal)
    found, _ = hash_attention(q, k, v, beta=17.0, causal=causal)
    assert found.dtype == dtype and (found - total / divisor).norm() < tolerance * (total / divisor).norm()


@pytest.mark.parametrize("beta", [0.0, 8.0])
@pytest.mark.parametrize("cuts", [(1,), (30, 95), (64,)])
def test_a_state_stands_for_the_tokens_before(cuts, beta) -> None:
    q, k, v = operands(130)
    state = v.new_zeros(2, 3, 5 + bool(beta), 4)
    expected = hash_sums(q, k, v, beta=beta, causal=True)
    parts, edges = [], (0, *cuts, 130)
    for start, end in zip(edges, edges[1:], strict=False):
        given = (x[:, :, start:end] for x in (q, k, v))
        total, divisor, state = hash_sums(*given, beta=beta, causal=True, state=state)
        parts.append((total, divisor))
    for one, other in zip(zip(*parts, strict=True), expected, strict=False):
        torch.testing.assert_close(torch.cat(one, 2), other, **CLOSE)


@pytest.mark.parametrize("causal", [False, True])
def test_values_that_are_alike_are_their_mean(causal) -> None:
    q, k, v = operands()
    found, _ = hash_attention(q, k, torch.ones_like(v), beta=8.0, causal=causal)
    torch.testing.assert_close(found, torch.ones_like(v), **CLOSE)


def test_one_code_for_all_gives_the_mean_and_so_does_a_large_beta() -> None:
    q, k, v = operands()
    mean = v.mean(2, keepdim=True).expand_as(v)
    torch.testing.assert_close(
        hash_attention(q[:, :, :1].expand_as(q), k[:, :, :1].expand_as(k), v, beta=8.0, causal=False)[0], mean, **CLOSE
    )
    torch.testing.assert_close(hash_attention(q, k, v, beta=1e9, causal=False)[0], mean, rtol=0, atol=1e-6)


def test_a_sequence_of_padding_alone_gives_zeros_whatever_it_holds() -> None:
    q, k, v = operands()
    found, _ = hash_attention(q, k, v, beta=8.0, causal=False, valid=kept(70, 70, 0))
    assert not found[1].any() and found[0].all()


@pytest.mark.parametrize("causal", [False, True])
def test_gradients_are_those_of_the_definition(causal) -> None:
    valid, gradients = kept(70, 70, 20), []
    for sums in (hash_sums, hash_sums_reference):
        given = [x.requires_grad_() for x in operands()]
        total, divisor = sums(*given, beta=8.0, causal=causal, valid=valid)[:2]
        gradients.append(torch.autograd.grad(total.sin().sum() + divisor.sin().sum(), given))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, **CLOSE)


def test_operands_that_are_not_contiguous_give_the_same() -> None:
    given = operands()
    turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in given]
    torch.testing.assert_close(
        hash_attention(*turned, beta=8.0, causal=True)[0], hash_attention(*given, beta=8.0, causal=True)[0], **CLOSE
    )


def test_the_definition_can_be_forced(monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "FORCED", True)
    dispatch.forget_paths()
    hash_attention(*operands(), beta=8.0, causal=True)
    assert dispatch.paths_taken() == {"hash_attention": ("reference",)}


def test_shapes_that_do_not_fit_are_refused() -> None:
    q, k, v = operands()
    with pytest.raises(ValueError, match=r"hash attention takes .* got q \(2, 3, 70, 5\).* k \(2, 3, 69, 5\)"):
        hash_sums(q, k[:, :, 1:], v, beta=8.0, causal=True)
    with pytest.raises(ValueError, match=r"valid beside v is \(B, N\), got .* valid \(2, 69\)"):
        hash_sums(q, k, v, beta=8.0, causal=True, valid=kept(69, 1, 2))

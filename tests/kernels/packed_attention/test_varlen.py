"""The Triton kernels of packed attention are its definition, forward and backward."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("triton")

from paretoformer.kernels import Packing
from paretoformer.kernels.packed_attention import packed_attention_reference, varlen

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch) -> None:
    """Several tiles of few tokens, since the interpreter is slow."""
    monkeypatch.setattr(varlen, "TILE_BYTES", 0)
    varlen._constants.cache_clear()


def operands(lengths, heads: int, kv: int, width: int, dtype=torch.float32, size: float = 1.0):
    """q (M, H, d), k and v (M, Hkv, d), packing."""
    packing = Packing.of(torch.tensor(lengths, device=DEVICE), max(*lengths, 1))
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(packing.tokens, h, width, generator=generator).to(DEVICE, dtype) for h in (heads, kv, kv))
    return size * q, k, v, packing


def by_operator(q, k, v, packing, causal):
    tiles = packing.tiles(varlen.tile(q.shape[2], q.dtype))
    return varlen.packed_forward(q, k, v, packing.offsets, tiles, causal, True)[0]


def poison(like: torch.Tensor) -> None:
    """Leave NaN in the memory that the allocator hands out next."""
    junk = [torch.full_like(like, torch.nan, memory_format=torch.contiguous_format) for _ in range(8)]
    del junk


def close(found, exact, tolerance: float = 1e-5) -> bool:
    return bool((found.double() - exact.double()).norm() <= tolerance * exact.double().norm().clamp_min(1e-30))


@settings(deadline=None, max_examples=8)
@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=3).filter(any),
    kv=st.integers(1, 2),
    group=st.integers(1, 2),
    width=st.integers(1, 40),
    causal=st.booleans(),
)
def test_any_ragged_shape_is_the_definition(lengths, kv, group, width, causal) -> None:
    q, k, v, packing = operands(lengths, kv * group, kv, width)
    exact = packed_attention_reference(q.double(), k.double(), v.double(), packing, causal)
    poison(q)
    out = varlen.attend_by_tiles(q, k, v, packing, causal)
    assert out.shape == q.shape and out.dtype == q.dtype and close(out, exact)


@pytest.mark.parametrize("way", [varlen.attend_by_tiles, by_operator])
@pytest.mark.parametrize("causal", [False, True])
def test_gradients_are_those_of_the_definition(way, causal) -> None:
    q, k, v, packing = operands([20, 0, 33, 1], 4, 2, 10)
    given = [x.requires_grad_() for x in (q, k, v)]
    wide = [x.detach().double().requires_grad_() for x in given]
    exact = torch.autograd.grad(packed_attention_reference(*wide, packing, causal).sin().sum(), wide)
    poison(q)
    found = torch.autograd.grad(way(*given, packing, causal).sin().sum(), given)
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == torch.float32 and close(one, other)


def test_half_precision_keeps_its_sums_in_fp32() -> None:
    q, k, v, packing = operands([40, 3], 2, 1, 16, torch.float16)
    exact = packed_attention_reference(q.double(), k.double(), v.double(), packing)
    assert close(varlen.attend_by_tiles(q, k, v, packing, False), exact, 2e-3)


def test_scores_of_ten_thousands_do_not_overflow() -> None:
    q, k, v, packing = operands([30, 1], 2, 1, 16, size=1e4)
    exact = packed_attention_reference(q.double(), k.double(), v.double(), packing)
    assert close(varlen.attend_by_tiles(q, k, v, packing, False), exact)


def test_operands_that_are_not_contiguous_give_the_same() -> None:
    q, k, v, packing = operands([20, 5], 2, 2, 8)
    exact = varlen.attend_by_tiles(q, k, v, packing, False)
    turned = [x.permute(1, 2, 0).contiguous().permute(2, 0, 1) for x in (q, k, v)]
    beside = torch.cat((q, k, v), 1).split(2, 1)
    assert torch.equal(varlen.attend_by_tiles(*turned, packing, False), exact)
    assert torch.equal(varlen.attend_by_tiles(*beside, packing, False), exact)


def test_a_tile_is_as_large_as_its_bytes_allow(monkeypatch) -> None:
    monkeypatch.setattr(varlen, "TILE_BYTES", 16_384)
    assert [varlen.tile(width, torch.bfloat16) for width in (8, 64, 128, 200)] == [64, 64, 64, 32]
    assert varlen.tile(256, torch.float32) == 16


@pytest.mark.slow
def test_they_are_operators_of_torch() -> None:
    q, k, v, packing = (x.requires_grad_() if isinstance(x, torch.Tensor) else x for x in operands([3, 5], 2, 1, 4))
    tiles = packing.tiles(16)
    for kept in (False, True):
        wants = (q, k, v) if kept else (x.detach() for x in (q, k, v))
        torch.library.opcheck(varlen.packed_forward, (*wants, packing.offsets, tiles, False, kept))
    q, k, v = (x.detach() for x in (q, k, v))
    out, lse = varlen.packed_forward(q, k, v, packing.offsets, tiles, False, True)
    torch.library.opcheck(varlen.packed_backward, (out, q, k, v, out, lse, packing.offsets, tiles, False))

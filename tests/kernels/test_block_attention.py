"""Attention in blocks: torch's form is the definition, and the definition is softmax attention of each block alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels.block_attention import block_attention, block_attention_reference
from paretoformer.kernels.softmax_attention import softmax_attention_reference


def operands(batch=2, kv=2, group=2, blocks=3, queries=4, keys=5, width=6, dtype=torch.float64):
    """q, k, v, and a mask of which each query sees the first key."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((kv * group, queries), (kv, keys), (kv, keys))
    q, k, v = (
        torch.randn(batch, heads, blocks, rows, width, generator=generator, dtype=torch.float64).to(dtype)
        for heads, rows in shapes
    )
    seen = torch.rand(batch, blocks, 1, queries, keys, generator=generator) < 0.5
    seen[..., 0] = True
    return q, k, v, seen


def test_the_definition_is_softmax_attention_of_each_block_alone() -> None:
    q, k, v, seen = operands()
    out = block_attention_reference(q, k, v, seen)
    for block in range(3):
        bias = torch.zeros(2, 4, 4, 5, dtype=torch.float64).masked_fill(~seen[:, block], -torch.inf)
        alone = softmax_attention_reference(q[:, :, block], k[:, :, block], v[:, :, block], causal=False, bias=bias)
        torch.testing.assert_close(out[:, :, block], alone, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(
    batch=st.integers(1, 2),
    kv=st.integers(1, 2),
    group=st.integers(1, 3),
    blocks=st.integers(1, 3),
    queries=st.integers(1, 4),
    keys=st.integers(1, 5),
    added=st.booleans(),
    single=st.booleans(),
)
def test_torchs_form_is_the_definition(batch, kv, group, blocks, queries, keys, added, single) -> None:
    dtype, tolerance = (torch.float32, 1e-5) if single else (torch.float64, 1e-10)
    q, k, v, mask = operands(batch, kv, group, blocks, queries, keys, 8, dtype)
    if added:
        mask = torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf) + 0.5
    expected = block_attention_reference(q, k, v, mask)
    torch.testing.assert_close(block_attention(q, k, v, mask), expected, rtol=tolerance, atol=tolerance)


def test_gradients_are_those_of_the_definition() -> None:
    q, k, v, seen = operands(1, 1, 2, 2, 2, 3, 2)
    assert torch.autograd.gradcheck(
        lambda *given: block_attention(*given, seen), [x.requires_grad_() for x in (q, k, v)]
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"q": torch.ones(0, 4, 3, 4, 6)}, r"B at least 1, and a mask of five axes, got q \(0, 4, 3, 4, 6\)"),
        ({"k": torch.ones(2, 2, 3, 5, 7)}, r"takes q \(B, H, n, T, d\).*k \(2, 2, 3, 5, 7\)"),
        ({"q": torch.ones(2, 4, 3, 4, 6, dtype=torch.float64)}, "one floating-point dtype on one device"),
        ({"mask": torch.ones(2, 3, 1, 4, 5, device="meta")}, "one floating-point dtype on one device"),
        ({"mask": torch.ones(2, 3, 1, 4, 6)}, r"a mask of blocks is .*mask \(2, 3, 1, 4, 6\)"),
    ],
)
def test_operands_that_do_not_fit_are_refused_with_their_shapes(changed, said) -> None:
    q, k, v, seen = operands(dtype=torch.float32)
    with pytest.raises(ValueError, match=said):
        block_attention(**({"q": q, "k": k, "v": v, "mask": seen} | changed))

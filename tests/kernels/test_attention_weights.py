"""The weights of softmax attention by themselves."""

import pytest
import torch

from paretoformer.kernels.attention_weights import attention_weights
from paretoformer.kernels.softmax_attention import softmax_attention


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("lengths", [None, [5, 3]], ids=str)
def test_weighted_values_are_softmax_attention(causal, with_bias, lengths) -> None:
    q, k, v = normal(2, 4, 5, 8, seed=1), normal(2, 2, 5, 8, seed=2), normal(2, 2, 5, 8, seed=3)
    bias = normal(4, 5, 5, seed=4) if with_bias else None
    valid = None if lengths is None else torch.arange(5) < torch.tensor(lengths)[:, None]
    weights = attention_weights(q, k, causal=causal, bias=bias, valid=valid)
    expected = softmax_attention(q, k, v, causal=causal, bias=bias, valid=valid)
    torch.testing.assert_close(weights @ v.repeat_interleave(2, 1), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 5, dtype=torch.float64))


def test_a_query_that_sees_no_key_has_no_weights() -> None:
    q, k = normal(1, 1, 2, 4, seed=1), normal(1, 1, 2, 4, seed=2)
    weights = attention_weights(q, k, causal=False, valid=torch.zeros(1, 2, dtype=torch.bool))
    assert weights.abs().max() == 0


@pytest.mark.parametrize(
    ("q", "k", "valid", "said"),
    [
        (torch.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 5), None, r"q \(B, H, T, d\) and k .*k \(1, 2, 3, 5\) float32"),
        (torch.ones(1, 3, 3, 4), torch.ones(1, 2, 3, 4), None, r"q \(1, 3, 3, 4\)"),
        (torch.ones(1, 2, 3, 4), torch.ones(1, 0, 3, 4), None, r"k \(1, 0, 3, 4\)"),
        (torch.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 4).double(), None, r"one floating-point dtype.*float64 cpu"),
        (torch.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 4, device="meta"), None, r"one device.*float32 meta"),
        (torch.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 4), torch.ones(1, 3), r"bool.*valid \(1, 3\) float32"),
        (torch.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 4), torch.ones(1, 4, dtype=torch.bool), r"valid \(1, 4\) bool"),
    ],
)
def test_operands_that_do_not_fit_are_refused_with_their_shapes(q, k, valid, said) -> None:
    with pytest.raises(ValueError, match=said):
        attention_weights(q, k, causal=False, valid=valid)


def test_autocast_may_mix_dtypes() -> None:
    q, k = torch.ones(1, 1, 2, 4), torch.ones(1, 1, 2, 4, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(attention_weights(q, k, causal=False).float(), torch.full((1, 1, 2, 2), 0.5))


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match=r"B at least 1, got q \(0, 2, 3, 4\)"):
        attention_weights(torch.ones(0, 2, 3, 4), torch.ones(0, 1, 3, 4), causal=True)


def test_a_bias_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"a bias is \(H, T, 3\) or .*bias \(2, 3, 4\)"):
        attention_weights(torch.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 4), causal=True, bias=torch.ones(2, 3, 4))

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

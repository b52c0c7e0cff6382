"""Softmax attention is another's within a block that says so, and refuses what a rank alone cannot know."""

import pytest
import torch

from paretoformer.kernels import softmax_attention
from paretoformer.kernels.sharding import sharded_softmax
from paretoformer.records.errors import UserError

X = torch.arange(24.0).view(1, 2, 3, 4)


def told(q, k, v, *, causal):
    return q + 2 * k + 3 * v + causal


def test_within_the_block_it_is_the_others() -> None:
    with sharded_softmax(told):
        assert torch.equal(softmax_attention(X, X, X, causal=True), 6 * X + 1)


def test_after_the_block_it_is_its_own_again_whatever_ended_it() -> None:
    own = softmax_attention(X, X, X, causal=True)
    with pytest.raises(KeyError), sharded_softmax(told):
        raise KeyError
    assert torch.equal(softmax_attention(X, X, X, causal=True), own)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bias": torch.zeros(2, 3, 3)}, "a bias on its scores"),
        ({"valid": torch.ones(1, 3, dtype=torch.bool)}, "padding"),
    ],
)
def test_a_bias_and_padding_are_refused(given, sentence) -> None:
    with sharded_softmax(told), pytest.raises(UserError, match=f"over several ranks takes no {sentence}"):
        softmax_attention(X, X, X, causal=True, **given)


def test_compiled_code_outside_of_a_block_has_no_break() -> None:
    compiled = torch.compile(lambda x: softmax_attention(x, x, x, causal=True), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(X), softmax_attention(X, X, X, causal=True))

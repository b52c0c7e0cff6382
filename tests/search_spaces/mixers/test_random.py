"""Mixing by a random matrix: weights, and what of it is trained."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=4, length=9)


def mixing(trained=False):
    torch.manual_seed(0)
    return choice("mixer", "random").config(trained=trained).build(SITE).double()


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("length", [1, 5, 9])
def test_a_constant_stays_as_it_is_since_rows_sum_to_one(trained, length) -> None:
    x = torch.full((1, length, 4), 3.0, dtype=torch.float64)
    torch.testing.assert_close(mixing(trained)(x, Context()), x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("length", [5, 9])
def test_it_is_the_softmax_of_uniform_numbers(places, length) -> None:
    torch.manual_seed(0)
    scores, x = torch.rand(9, 9).double(), places.normal(2, length, 4)
    expected = torch.softmax(scores[:length, :length], -1) @ x
    torch.testing.assert_close(mixing(trained=True)(x, Context()), expected, rtol=0, atol=1e-10)
    torch.testing.assert_close(mixing()(x, Context()), expected, rtol=0, atol=1e-6)  # drawn and kept in fp32


def test_the_frozen_matrix_gets_no_gradient_and_is_saved(places) -> None:
    module = mixing()
    module(places.normal(2, 9, 4).requires_grad_(), Context()).sum().backward()
    assert module.matrix.grad is None and list(module.state_dict()) == ["matrix"]


def test_a_reloaded_matrix_is_the_same_function(places) -> None:
    torch.manual_seed(1)
    other, x = choice("mixer", "random").config().build(SITE).double(), places.normal(2, 9, 4)
    assert not torch.equal(other(x, Context()), mixing()(x, Context()))
    other.load_state_dict(mixing().state_dict())
    assert torch.equal(other(x, Context()), mixing()(x, Context()))


def test_too_many_tokens_are_refused(places) -> None:
    with pytest.raises(ValueError, match="mixer random was built for 9 tokens, and is given 10"):
        mixing()(places.normal(1, 10, 4), Context())

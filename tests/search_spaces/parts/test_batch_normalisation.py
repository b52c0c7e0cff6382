"""Batch normalisation of tokens beside torch's, and beside padding."""

import pytest
import torch
from torch import nn

from paretoformer.search_spaces.contract import Context
from paretoformer.search_spaces.parts.batch_normalisation import BatchNormalisation

WIDTH = 6


@pytest.fixture
def norm(places):
    made = BatchNormalisation(WIDTH, 1e-5).double()
    with torch.no_grad():
        made.weight += 0.3 * places.normal(WIDTH, seed=3)
        made.bias += 0.3 * places.normal(WIDTH, seed=4)
    return made


@pytest.fixture
def reference(norm):
    made = nn.BatchNorm1d(WIDTH).double()
    with torch.no_grad():
        made.weight.copy_(norm.weight)
        made.bias.copy_(norm.bias)
    return made


def close(one, two) -> None:
    torch.testing.assert_close(one, two, rtol=0, atol=1e-10)


def test_it_is_torchs_batch_norm_in_training_and_in_evaluation(places, norm, reference) -> None:
    for seed in range(3):
        x = 2 * places.normal(4, 5, WIDTH, seed=seed) + 1
        close(norm(x, Context()), reference(x.mT).mT)
    close(norm.mean, reference.running_mean)
    close(norm.variance, reference.running_var)
    norm.eval(), reference.eval()
    close(norm(x, Context()), reference(x.mT).mT)


def test_beside_padding_it_is_batch_norm_of_the_packed_tokens(places, norm, reference) -> None:
    x, lengths = places.normal(3, 5, WIDTH), torch.tensor([5, 1, 0])
    valid = torch.arange(5) < lengths[:, None]
    y = norm(torch.where(valid[..., None], x, 50.0), Context(lengths=lengths))
    close(y[valid], reference(x[valid]))
    close(norm.mean, reference.running_mean)
    close(norm.variance, reference.running_var)
    assert y.isfinite().all()


def test_gradients_are_those_of_torchs(places, norm, reference) -> None:
    x = places.normal(4, 5, WIDTH)
    weights = places.normal(4, 5, WIDTH, seed=5)
    (norm(x, Context()) * weights).sum().backward()
    (reference(x.mT).mT * weights).sum().backward()
    close(norm.weight.grad, reference.weight.grad)
    close(norm.bias.grad, reference.bias.grad)


@pytest.mark.parametrize("lengths", [None, [1], [0]], ids=str)
def test_one_token_or_none_gives_finite_numbers(places, norm, lengths) -> None:
    context = Context(lengths=None if lengths is None else torch.tensor(lengths))
    assert norm(places.normal(1, 1, WIDTH), context).isfinite().all()
    assert norm.mean.isfinite().all() and norm.variance.isfinite().all()


def test_running_statistics_are_saved_and_are_no_parameters(norm) -> None:
    assert set(norm.state_dict()) == {"weight", "bias", "mean", "variance"}
    assert {name for name, _ in norm.named_parameters()} == {"weight", "bias"}


def test_it_can_be_told_to_learn_nothing(places, norm) -> None:
    norm(places.normal(4, 5, WIDTH) + 1, Context(), learns=torch.tensor(False))
    assert torch.equal(norm.mean, torch.zeros(WIDTH).double())
    assert torch.equal(norm.variance, torch.ones(WIDTH).double())


def test_evaluation_changes_no_statistics(places, norm) -> None:
    before = norm.mean.clone()
    norm.eval()(places.normal(4, 5, WIDTH) + 1, Context())
    assert torch.equal(norm.mean, before)


@pytest.mark.parametrize(("batch", "learns"), [(1, None), (4, torch.tensor(True))])
def test_one_token_and_a_word_when_to_learn_are_normed_as_all_are(places, norm, batch, learns) -> None:
    x = places.normal(batch, 1, WIDTH)
    before = norm.mean.clone()
    y = norm(x, Context(), learns)
    variance = x.var((0, 1), correction=0)
    close(y, (x - x.mean((0, 1))) / (variance + norm.eps).sqrt() * norm.weight + norm.bias)
    close(norm.mean, before.lerp(x.mean((0, 1)), 0.1))
    assert norm.variance.isfinite().all()

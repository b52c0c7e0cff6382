"""The way of PRepBN from layer norm to a factor and a shift a channel."""

import pytest
import torch
from torch import nn
from torch.nn.functional import layer_norm

from paretoformer.search_spaces.contract import Context, Site, set_progress
from paretoformer.search_spaces.registry import choice

SITE = Site(width=6, length=8)


def norm(places, **fields):
    return places.built(choice("norm", "prepbn").config(**fields), SITE).double()


def repbn(module, x) -> torch.Tensor:
    """RepBN by the batch's own statistics."""
    centred = x - x.mean((0, 1))
    by_batch = centred / (centred.square().mean((0, 1)) + 1e-5).sqrt() * module.batch.weight + module.batch.bias
    return by_batch + module.alpha * x


def close(one, two) -> None:
    torch.testing.assert_close(one, two, rtol=0, atol=1e-10)


def test_the_share_of_layer_norm_falls_linearly_after_the_warm_up(places) -> None:
    module, shares = norm(places, warm=0.2, until=0.6), []
    for step in range(10):  # warm for 2 of 10 steps, then 4 steps on the way
        set_progress(module, step / 10)
        shares.append(module.share.item())
    assert shares == pytest.approx([1, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0, 0])


@pytest.mark.parametrize("share", [1.0, 0.25, 0.0])
def test_in_training_it_is_the_mixture(places, share) -> None:
    module, x = norm(places, until=0.8), places.normal(3, 8, 6) + 1
    set_progress(module, 0.8 * (1 - share))
    by_layer = layer_norm(x, (6,), module.layer.weight, module.layer.bias, 1e-5)
    close(module(x, Context()), share * by_layer + (1 - share) * repbn(module, x))


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
def test_in_evaluation_it_is_repbn_whatever_the_progress(places, progress) -> None:
    module, x = norm(places), places.normal(3, 8, 6) + 1
    module(x, Context())
    set_progress(module, progress)
    batch = module.eval().batch
    by_batch = (x - batch.mean) / (batch.variance + 1e-5).sqrt() * batch.weight + batch.bias
    close(module(x, Context()), by_batch + module.alpha * x)


def test_statistics_are_gathered_from_the_end_of_the_warm_up_on(places) -> None:
    module, x = norm(places, warm=0.5), places.normal(3, 8, 6) + 1
    set_progress(module, 0.4)
    module(x, Context())
    assert module.batch.mean.abs().max() == 0
    set_progress(module, 0.5)
    module(x, Context())
    close(module.batch.mean, 0.1 * x.mean((0, 1)))


def test_without_batch_norm_and_with_alpha_one_it_is_the_identity(places) -> None:
    module, x = norm(places).eval(), places.normal(3, 8, 6)
    with torch.no_grad():
        module.batch.weight.zero_(), module.batch.bias.zero_(), module.alpha.fill_(1)
    close(module(x, Context()), x)


@pytest.mark.parametrize(("start", "weight"), [("identity", 1.0), ("zero", 0.0)])
def test_it_starts_as_the_vision_models_or_as_the_language_model(start, weight) -> None:
    module = choice("norm", "prepbn").config(start=start).build(SITE)
    assert module.alpha.item() == weight and module.batch.weight.tolist() == [weight] * 6
    assert module.batch.bias.tolist() == [0] * 6 and module.layer.weight.tolist() == [1] * 6


def test_in_evaluation_it_folds_into_the_next_layer(places) -> None:
    module, after, x = norm(places), nn.Linear(6, 4).double(), places.normal(3, 8, 6)
    module(x, Context())
    with torch.no_grad():
        module.alpha.fill_(-0.7)
        scale, shift = module.eval().batch.folded()
        folded = nn.Linear(6, 4).double()
        folded.weight.copy_(after.weight * (scale + module.alpha))
        folded.bias.copy_(after.bias + after.weight @ shift)
        close(folded(x), after(module(x, Context())))


def test_padding_takes_no_part_in_the_statistics(places) -> None:
    module, x, lengths = norm(places), places.normal(3, 8, 6), torch.tensor([8, 3, 1])
    valid = torch.arange(8) < lengths[:, None]
    y = module(x, Context(lengths=lengths))[valid]
    by_layer = layer_norm(x[valid], (6,), module.layer.weight, module.layer.bias, 1e-5)
    close(y, module.share * by_layer + (1 - module.share) * repbn(module, x[valid][None])[0])


def test_how_far_it_has_come_is_saved(places) -> None:
    module, other = norm(places), norm(places)
    set_progress(module, 0.3)
    other.load_state_dict(module.state_dict())
    assert other.share.item() == module.share.item() == pytest.approx(0.625)


def test_a_warm_up_that_never_ends_is_refused() -> None:
    (sentence,) = choice("norm", "prepbn").config(warm=0.5, until=0.5).problems(SITE)
    assert sentence == "norm prepbn has warm 0.5 and until 0.5, and warm must come before until"

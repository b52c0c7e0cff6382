import math

import numpy as np
import pytest
import torch

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.rewriting import texts
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError

MASK = 2


def problem(text: str, task) -> str:
    return next(criterion(text).problems(task), "")


class Watched(torch.nn.Module):
    """A model that remembers what it was given."""

    def __init__(self, model) -> None:
        super().__init__()
        self.inner, self.given = model, None

    def forward(self, inputs, lengths=None, source=None):
        self.given = (inputs, lengths, source)
        return self.inner(inputs, lengths, source)


@pytest.mark.parametrize(
    "noise", ["masking", "deletion", "infilling", "permutation", "rotation", "infilling+permutation"]
)
def test_the_corrupted_text_is_read_and_the_decoder_is_given_the_text_itself(toy, small, noise) -> None:
    task = toy("beside", mask=MASK)
    batch = task.examples(Split.TRAIN)
    objective = criterion(f"denoise:noise={noise},stop=3").bind(small(task), task)
    watched = Watched(objective.model)
    objective._held = (watched,)
    loss = objective(batch, torch.Generator().manual_seed(0))
    inputs, lengths, source = watched.given
    assert loss.isfinite() and torch.equal(inputs, batch.inputs) and torch.equal(lengths, batch.lengths)
    originals = texts(batch, task.symbols.end)
    read = [row[:n].numpy() for row, n in zip(source.inputs, source.lengths, strict=True)]
    assert any(len(a) != len(b) or (a != b).any() for a, b in zip(originals, read, strict=True))
    shown = [set(row) - {MASK} <= set(original) | {MASK} for row, original in zip(read, originals, strict=True)]
    assert all(shown)


def test_without_noise_the_source_is_the_text_without_its_end(toy) -> None:
    task = toy("beside", mask=MASK)
    rows = texts(task.examples(Split.TRAIN), task.symbols.end)
    found = criterion("denoise:noise=masking,rate=0").corrupt(rows, task, torch.Generator())
    assert all((a == b).all() for a, b in zip(found, rows, strict=True))


def test_begin_and_end_are_never_touched(toy) -> None:
    task = toy("classes", mask=MASK)
    rows = [np.array([0, 5, 6, 7, 1])] * 50
    found = criterion("denoise:noise=infilling+rotation+permutation,rate=1").corrupt(rows, task, torch.Generator())
    assert all(row[0] == 0 and row[-1] == 1 and (row[1:-1] != 0).all() for row in found)


def test_an_encoder_is_asked_only_for_what_is_masked(toy, small) -> None:
    task = toy("classes", mask=MASK)
    objective = criterion("denoise:noise=masking,rate=0").bind(small(task), task)
    assert objective(task.examples(Split.TRAIN), torch.Generator()) == 0
    masked = criterion("denoise:noise=masking").bind(small(task), task)
    loss = masked(task.examples(Split.TRAIN), torch.Generator().manual_seed(0))
    assert loss.item() == pytest.approx(math.log(12), rel=0.3)
    assert {name for name, _ in masked.named_parameters()} == {"head.weight", "head.bias"}


def test_equal_draws_give_equal_losses(toy, small) -> None:
    task = toy("beside", mask=MASK)
    objective, batch = criterion("denoise").bind(small(task), task), task.examples(Split.TRAIN)
    first, again, other = (objective(batch, torch.Generator().manual_seed(seed)).item() for seed in (1, 1, 2))
    assert first == again != other


def test_padding_is_never_asked(toy, small) -> None:
    task = toy("beside", mask=MASK)
    objective, batch = criterion("denoise:noise=deletion").bind(small(task), task), task.examples(Split.TRAIN)
    inputs = batch.inputs.masked_fill(torch.arange(14) >= batch.lengths[:, None], 9)
    changed = type(batch)(inputs=inputs, targets=batch.targets, lengths=batch.lengths, source=batch.source)
    losses = [objective(each, torch.Generator().manual_seed(0)) for each in (batch, changed)]
    torch.testing.assert_close(*losses)
    assert (batch.targets == IGNORED).any()


def test_it_is_a_pretraining_before_the_task(toy, small) -> None:
    from dataclasses import replace

    task = toy("beside", mask=MASK)
    recipe = replace(task.recipe, pretraining="denoise:noise=deletion")
    (scores,) = Trainer(small(task), task, recipe, seed=0, rungs=1).run()
    assert math.isfinite(scores[0].value)


def test_what_it_cannot_serve_is_said(toy, small) -> None:
    assert "no token for one" in problem("denoise", toy("beside"))
    assert not problem("denoise:noise=rotation", toy("beside"))
    assert "use denoise:noise=masking" in problem("denoise", toy("classes", mask=MASK))
    assert "needs an encoder" in problem("denoise:noise=masking", toy("next", mask=MASK))
    assert "needs an encoder" in problem("denoise:noise=masking", toy("image", mask=MASK))
    task = toy("classes", mask=MASK)
    with pytest.raises(UserError, match="use topology encoder"):
        criterion("denoise:noise=masking").bind(small(task, topology="decoder"), task)


@pytest.mark.parametrize("text", ["denoise:rate=2", "denoise:span=0", "denoise:noise=fog"])
def test_options_out_of_their_range_are_refused(text) -> None:
    with pytest.raises(UserError):
        criterion(text)

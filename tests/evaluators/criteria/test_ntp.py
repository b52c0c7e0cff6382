import math
from dataclasses import replace

import pytest
import torch

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.graphs.task import GraphTask
from paretoformer.evaluators.graphs.tokeniser import GraphTokeniser
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, Signature, TokenInput


class Named(GraphTask):
    """Tokens that name six nodes."""

    name = "toy-classes"
    signature = Signature(input=TokenInput(vocabulary=15, length=14), output=ClassOutput(classes=2))

    def __init__(self, reindex) -> None:
        self.form = GraphTokeniser(scope=6, reindex=reindex)


def bound(toy, small):
    task = toy("classes")
    return criterion("ntp").bind(small(task, topology="decoder"), task), task.examples(Split.TRAIN)


def test_every_token_is_asked_for_the_next_one_and_the_last_for_none(toy, small) -> None:
    objective, batch = bound(toy, small)
    for row, asked, length in zip(batch.inputs, objective.targets(batch), batch.lengths.tolist(), strict=True):
        assert torch.equal(asked[: length - 1], row[1:length]) and (asked[length - 1 :] == IGNORED).all()
    whole = objective.targets(replace(batch, lengths=None))
    assert torch.equal(whole[:, :-1], batch.inputs[:, 1:]) and (whole[:, -1] == IGNORED).all()


def test_untrained_it_costs_about_the_log_of_the_vocabulary(toy, small) -> None:
    objective, batch = bound(toy, small)
    assert objective(batch, torch.Generator()).item() == pytest.approx(math.log(12), rel=0.3)


def test_padding_changes_nothing(toy, small) -> None:
    objective, batch = bound(toy, small)
    changed = replace(batch, inputs=batch.inputs.masked_fill(torch.arange(14) >= batch.lengths[:, None], 9))
    torch.testing.assert_close(*(objective(each, torch.Generator()) for each in (batch, changed)))


@pytest.mark.parametrize("reindex", ["random", "cyclic"])
def test_a_node_of_a_random_name_is_new_at_its_first_visit(small, reindex) -> None:
    task = Named(reindex)
    objective = criterion("ntp").bind(small(task, topology="decoder"), task)
    tokens = torch.tensor([[7, 8, 3, 7, 9, 8, 1]])
    targets = objective.targets(Examples(inputs=tokens, targets=torch.zeros(1)))
    new = task.signature.input.vocabulary
    expected = [new, 3, 7, new, 8, 1, IGNORED] if reindex == "random" else [8, 3, 7, 9, 8, 1, IGNORED]
    assert targets.tolist() == [expected]


def test_a_recipe_that_begins_with_it_trains_and_ends_elsewhere(toy, small) -> None:
    task = toy("classes")
    ends = []
    for pretraining in (None, "ntp"):
        model = small(task, topology="decoder")
        (scores,) = Trainer(model, task, replace(task.recipe, pretraining=pretraining), seed=0, rungs=1).run()
        assert math.isfinite(scores[0].value)
        ends.append(model.head.weight.detach().clone())
    assert not torch.equal(*ends)


def test_what_it_cannot_serve_is_said(toy, small) -> None:
    for form in ("beside", "image"):
        assert "one text of tokens" in next(criterion("ntp").problems(toy(form)))
    assert not list(criterion("ntp").problems(toy("next")))
    with pytest.raises(UserError, match="use topology decoder"):
        criterion("ntp").bind(small(toy("classes")), toy("classes"))

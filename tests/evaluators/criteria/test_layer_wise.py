from types import SimpleNamespace

import pytest
import torch

from paretoformer.evaluators.criteria.layer_wise import LayerWise
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Split
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.contract import Model


@pytest.mark.parametrize("form", ["classes", "next", "beside"])
def test_the_last_depth_alone_is_the_plain_loss(toy, small, form) -> None:
    task = toy(form)
    model, batch = small(task), task.examples(Split.TRAIN)
    found, plain = (
        criterion(text).bind(model, task)(batch, torch.Generator())
        for text in ("layer-wise:weights=last", "cross-entropy")
    )
    torch.testing.assert_close(found, plain)


@pytest.mark.parametrize(("weights", "mean"), [("equal", 2.0), ("linear", (4 + 2 + 3) / 6), ("last", 1.0)])
def test_losses_are_weighed_by_depth(weights, mean) -> None:
    assert LayerWise(weights=weights).of_depths(torch.tensor([4.0, 1.0, 1.0])).item() == pytest.approx(mean)


def test_a_model_of_one_block_has_one_loss(toy, small) -> None:
    task = toy("next")
    model, batch = small(task, depth=1), task.examples(Split.TRAIN)
    equal, plain = (
        criterion(text).bind(model, task)(batch, torch.Generator()) for text in ("layer-wise", "cross-entropy")
    )
    torch.testing.assert_close(equal, plain)


def test_the_first_block_learns_from_its_own_answer(toy, small) -> None:
    task = toy("next")
    batch = task.examples(Split.TRAIN)

    def gradient(text: str) -> torch.Tensor:
        model = small(task)
        criterion(text).bind(model, task)(batch, torch.Generator()).backward()
        return next(model.stack.branches[0].parameters()).grad

    assert not torch.allclose(gradient("layer-wise"), gradient("layer-wise:weights=last"))


def test_a_topology_without_outputs_by_depth_is_refused(toy) -> None:
    class Flat(Model):
        architecture = SimpleNamespace(topology=SimpleNamespace(choice="flat"))

        def forward(self, inputs, lengths=None, source=None):
            return inputs

    with pytest.raises(UserError, match="topology flat has no outputs there"):
        criterion("layer-wise").bind(Flat(), toy("classes"))

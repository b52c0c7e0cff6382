import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError


def test_every_place_is_asked_for_its_own_number() -> None:
    task = open_task("position-identification:length=8")
    targets = task.examples(Split.TRAIN).targets
    assert torch.equal(targets, torch.arange(8).expand_as(targets))
    assert task.constant_scores()["accuracy"] == 1 / 8


def test_even_tokens_are_gathered_and_the_rest_is_one_label() -> None:
    examples = open_task("even-token:length=6,vocabulary=20").examples(Split.VALIDATION)
    for tokens, labels in zip(examples.inputs.tolist(), examples.targets.tolist(), strict=True):
        assert labels == [tokens[1], tokens[3], tokens[5], 20, 20, 20]


@pytest.mark.parametrize("text", ["even-token:length=7", "position-identification:length=4,vocabulary=3"])
def test_lengths_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="must be"):
        open_task(text)

import pytest
import torch

from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError


def test_a_label_is_shown_after_its_point_and_asked_at_it() -> None:
    examples = open_task("boolean-icl:inputs=5,points=8").examples(Split.VALIDATION)
    points, shown = examples.inputs[:, 0::2], examples.inputs[:, 1::2]
    assert (points.abs() == 1).all() and (shown[..., 1:] == 0).all()
    assert torch.equal(examples.targets[:, 0::2], (shown[..., 0] > 0).long())
    assert (examples.targets[:, 1::2] == IGNORED).all()


def test_noise_flips_its_share_of_what_is_shown() -> None:
    examples = open_task("boolean-icl:points=12,noise=0.2").examples(Split.VALIDATION)
    flipped = examples.targets[:, 0::2] != (examples.inputs[:, 1::2, 0] > 0).long()
    assert flipped.double().mean().item() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("text", ["teaching=true,function=dnf", "noise=0.7", "function=sparse-disjunction,inputs=3"])
def test_options_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="must be|needs function=conjunction"):
        open_task(f"boolean-icl:{text}")

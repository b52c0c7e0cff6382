import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError


@pytest.mark.parametrize("function", ["sine-product", "sorting", "running-max", "fourier", "centred"])
def test_targets_have_the_numbers_of_the_signature(function: str) -> None:
    task = open_task(f"function-fit:function={function},length=4,channels=3")
    examples = task.examples(Split.TEST)
    assert examples.targets.shape == (len(examples), 4, task.signature.output.numbers)
    assert examples.targets.dtype == torch.float32 and examples.targets.isfinite().all()


def test_a_product_of_two_channels_is_refused_one() -> None:
    with pytest.raises(UserError, match="number of channels is 1; it must be from 2"):
        open_task("function-fit:channels=1")

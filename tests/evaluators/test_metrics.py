import math

import pytest
import torch

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte


def test_accuracy_of_classes_counts_right_answers() -> None:
    outputs = torch.eye(3)[[0, 1, 1]]
    values, weights = Accuracy().parts(outputs, Examples(inputs=outputs, targets=torch.tensor([0, 1, 2]))).unbind(1)
    assert (values.tolist(), weights.tolist()) == ([1, 1, 0], [1, 1, 1])


def test_accuracy_of_tokens_counts_only_what_is_asked() -> None:
    outputs = torch.eye(3)[torch.tensor([[0, 1, 2], [2, 2, 2]])]
    targets = torch.tensor([[0, 0, -100], [2, 2, 2]])
    values, weights = Accuracy().parts(outputs, Examples(inputs=outputs, targets=targets)).unbind(1)
    assert (values.tolist(), weights.tolist()) == ([1, 3], [2, 3])


def test_knowing_nothing_costs_eight_bits_a_byte() -> None:
    examples = Examples(inputs=torch.zeros(2, 5), targets=torch.randint(0, 256, (2, 5)))
    values, weights = BitsPerByte().parts(torch.zeros(2, 5, 256), examples).unbind(1)
    assert (values / weights).tolist() == pytest.approx([8, 8])


def test_bits_are_those_of_the_chance_that_the_target_had() -> None:
    outputs = torch.tensor([[[0.75, 0.25], [0.5, 0.5]]]).log()
    values, weights = (
        BitsPerByte().parts(outputs, Examples(inputs=outputs, targets=torch.tensor([[1, -100]]))).unbind(1)
    )
    assert (values.item(), weights.item()) == (pytest.approx(-math.log2(0.25)), 1)

import math

import torch

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.records.signature import ClassOutput, Signature, TokenInput, TokenOutput


class Made(MemoryTask):
    name = "made"

    def __init__(self, metric, output, train, validation) -> None:
        self.metrics = (metric,)
        self.signature = Signature(input=TokenInput(vocabulary=4, length=4), output=output)
        splits = {Split.TRAIN: train, Split.VALIDATION: validation, Split.TEST: validation}
        targets = {split: torch.tensor(part) for split, part in splits.items()}
        super().__init__({split: Examples(inputs=t, targets=t) for split, t in targets.items()}, data_hash="0")


def test_the_constant_answer_to_classes_is_trainings_most_frequent_one() -> None:
    task = Made(Accuracy(), ClassOutput(classes=3), train=[2, 2, 1], validation=[1, 1, 2, 0])
    assert task.constant_scores() == {"accuracy": 0.25}


def test_the_constant_answer_to_tokens_is_trainings_frequencies() -> None:
    task = Made(BitsPerByte(), TokenOutput(vocabulary=4), train=[[0, 0, 0, 1]], validation=[[0, 1, 3, -100]])
    expected = -(math.log2(4 / 8) + math.log2(2 / 8) + math.log2(1 / 8)) / 3
    assert math.isclose(task.constant_scores()["bits_per_byte"], expected, rel_tol=1e-6)

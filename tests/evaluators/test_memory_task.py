import math

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import FRACTION, GeneratedMetric, OutputMetric, PairMetric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.symbols import Symbols
from paretoformer.records.signature import ClassOutput, NumberOutput, SeriesOutput, Signature, TokenInput, TokenOutput


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


class Far(OutputMetric):
    """Sums of distances of numbers that are asked, and their count."""

    name, unit, minimise = "far", "", True

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        asked = ~examples.targets.isnan()
        far = torch.where(asked, (outputs - examples.targets.nan_to_num()).abs(), 0.0)
        return torch.stack((far.flatten(1).sum(1), asked.flatten(1).sum(1)), 1).double()


class Same(GeneratedMetric):
    """Whether ids are the asked ones before the end, which is 3."""

    name, unit, minimise = "same", FRACTION, False

    def parts(self, generated: Tensor, examples: Examples) -> Tensor:
        rows = zip(generated.tolist(), examples.targets.tolist(), strict=True)
        same = [[i for i in one if i >= 0] == [i for i in other if i not in (-100, 3)] for one, other in rows]
        return torch.tensor([[float(each), 1.0] for each in same])


class Nearest(PairMetric):
    """Whether a text's own source is nearer than every other."""

    name, unit, minimise = "nearest", FRACTION, False

    def parts(self, text: Tensor, source: Tensor, examples: Examples) -> Tensor:
        near = text @ source.T
        first = (near >= near.diagonal()[:, None]).sum(1) == 1
        return torch.stack((first.double(), torch.ones(len(text))), 1)


def test_the_constant_answer_to_numbers_is_trainings_mean_of_what_is_asked() -> None:
    nan = math.nan
    whole = Made(Far(), NumberOutput(numbers=2), train=[[0.0, 1.0], [4.0, nan]], validation=[[3.0, 5.0], [nan, 1.0]])
    assert whole.constant_scores() == {"far": (1 + 4 + 0) / 3}
    steps = Made(Far(), SeriesOutput(numbers=1), train=[[[0.0], [4.0], [nan]]], validation=[[[3.0], [nan], [2.0]]])
    assert steps.constant_scores() == {"far": 0.5}


class Written(Made):
    symbols = Symbols(end=3)


def test_the_constant_answer_that_is_written_is_trainings_most_frequent_one_without_its_end() -> None:
    train = [[-100, 1, 2, 3], [-100, 0, 3, -100], [-100, -100, 1, 2]]
    validation = [[-100, 1, 2, 3], [1, 2, 3, -100], [-100, 2, 1, 3], [0, 3, -100, -100]]
    task = Written(Same(), TokenOutput(vocabulary=4), train=train, validation=validation)
    assert task.constant_scores() == {"same": 0.5}


def test_one_vector_for_all_tells_no_pair_from_another() -> None:
    task = Made(Nearest(), TokenOutput(vocabulary=4), train=[[0, 1]], validation=[[0, 1], [1, 2]])
    assert task.constant_scores() == {"nearest": 0.0}

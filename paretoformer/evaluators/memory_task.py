"""A task whose examples lie in memory."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from paretoformer.evaluators.batches import evaluation_batches
from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.generation import AFTER_END
from paretoformer.evaluators.metric import GeneratedMetric, Metric, OutputMetric, PairMetric
from paretoformer.evaluators.task import Task
from paretoformer.records.signature import NumberOutput, SeriesOutput

_BATCH = 256


class MemoryTask(Task):
    """Three splits as tensors, read once. Subclasses say the rest of what a task is."""

    def __init__(self, splits: Mapping[Split, Examples], *, data_hash: str) -> None:
        self._splits = dict(splits)
        self.data_hash = data_hash

    @property
    def spec(self) -> dict[str, Any]:
        """The registered name, and the hash that the data must have."""
        return {"task": self.name, "data_hash": self.data_hash}

    def examples(self, split: Split) -> Examples:
        """All examples of a split; the tensors are shared, not copied."""
        return self._splits[split]

    def constant_scores(self) -> dict[str, float]:
        """Validation scores of one answer to everything: training's mean of numbers, its frequencies of classes and tokens
        (add-one smoothed), its most frequent answer where tokens are generated, one vector for all where pairs are compared.
        """
        return {metric.name: self._constant_score(metric) for metric in self.metrics}

    def _constant_score(self, metric: Metric) -> float:
        examples = self.examples(Split.VALIDATION)
        match metric:
            case OutputMetric():
                answer = self.constant_output()
                parts = [
                    metric.parts(_repeated(answer, batch), batch) for batch in evaluation_batches(examples, _BATCH)
                ]
            case GeneratedMetric():
                answer = _most_frequent_answer(self.examples(Split.TRAIN), self.symbols.end)
                parts = [metric.parts(answer.expand(len(examples), -1), examples)]
            case PairMetric():
                vectors = torch.ones(len(examples), 1)
                parts = [metric.parts(vectors, vectors, examples)]
            case _:
                raise AssertionError(f"{metric.name} reads nothing that is known")
        return metric.score(torch.cat(parts)).value

    def constant_output(self) -> Tensor:
        """(columns,), what a model would give for anything: log-frequencies, or the mean of numbers."""
        output, targets = self.signature.output, self.examples(Split.TRAIN).targets
        if isinstance(output, NumberOutput | SeriesOutput):
            return targets.flatten(0, -2).nanmean(0)
        counts = torch.bincount(targets[targets != IGNORED], minlength=output.columns)
        return ((counts + 1) / (counts.sum() + output.columns)).log()


def _repeated(answer: Tensor, batch: Examples) -> Tensor:
    places = batch.targets.shape[:2] if batch.of_tokens else batch.targets.shape[:1]
    return answer.expand(*places, len(answer))


def _most_frequent_answer(examples: Examples, end: int | None) -> Tensor:
    """(1, T) ids."""
    rows = [row[row != IGNORED].tolist() for row in examples.targets]
    answers = [tuple(row[:-1] if end is not None and row and row[-1] == end else row) for row in rows]
    best = Counter(answers).most_common(1)[0][0]
    return torch.tensor([best or (AFTER_END,)])

"""A task whose examples lie in memory."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from paretoformer.evaluators.criterion import IGNORED
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.task import Task
from paretoformer.records.signature import ClassOutput

_CHUNK = 64


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
        """Validation scores of always giving the training targets' frequencies (add-one smoothed)."""
        answer = self._log_frequencies()
        return {metric.name: self._constant_score(metric, answer) for metric in self.metrics}

    def _log_frequencies(self) -> Tensor:
        output = self.signature.output
        size = output.classes if isinstance(output, ClassOutput) else output.vocabulary
        targets = self.examples(Split.TRAIN).targets
        counts = torch.bincount(targets[targets != IGNORED], minlength=size)
        return ((counts + 1) / (counts.sum() + size)).log()

    def _constant_score(self, metric: Metric, answer: Tensor) -> float:
        examples = self.examples(Split.VALIDATION)
        values = weights = 0.0
        for start in range(0, len(examples), _CHUNK):
            part = examples.take(slice(start, start + _CHUNK))
            value, weight = metric.parts(answer.expand(*part.targets.shape, len(answer)), part)
            values += float(value.sum())
            weights += float(weight.sum())
        return values / weights

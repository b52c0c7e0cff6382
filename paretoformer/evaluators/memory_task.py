"""A task whose examples lie in memory."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from paretoformer.evaluators.criterion import IGNORED
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.task import Task
from paretoformer.records.signature import ClassOutput, DenseOutput


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
        assert not isinstance(output, DenseOutput), "a task of numbers a pixel answers for itself"
        size = output.classes if isinstance(output, ClassOutput) else output.vocabulary
        targets = self.examples(Split.TRAIN).targets
        counts = torch.bincount(targets[targets != IGNORED], minlength=size)
        return ((counts + 1) / (counts.sum() + size)).log()

    def _constant_score(self, metric: Metric, answer: Tensor) -> float:
        """Each distinct target is scored once and counted as often as it is asked: parts are sums over targets."""
        targets = self.examples(Split.VALIDATION).targets
        distinct, counts = targets[targets != IGNORED].unique(return_counts=True)
        shape = (len(distinct), *(1 for _ in targets.shape[1:]))  # (K,) or (K, 1)
        each = Examples(inputs=distinct.view(shape), targets=distinct.view(shape))
        values, weights = metric.parts(answer.expand(*shape, len(answer)), each)
        return float((values @ counts.double()) / (weights @ counts.double()))

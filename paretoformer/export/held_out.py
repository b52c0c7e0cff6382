"""Scores of an exported model on the data that it was not trained on."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from paretoformer.evaluators.batches import evaluation_batches
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.task import Task
from paretoformer.export.format import Run
from paretoformer.records.signature import Signature

SPLITS = (Split.VALIDATION, Split.TEST)
_MOST_EXAMPLES = 256
_MOST_OUTPUTS = 2**22  # numbers given for one batch: 16 MiB in fp32


@dataclass(frozen=True, kw_only=True)
class HeldOutScore:
    """A metric on one split, in its unit, with its 95 % interval."""

    metric: str
    unit: str
    split: str
    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object of every field."""
        return asdict(self)


@torch.no_grad()
def held_out_scores(run: Run, task: Task) -> tuple[HeldOutScore, ...]:
    """Every metric on validation and test; whatever is random in the model draws from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return tuple(found for split in SPLITS for found in _scores(run, task, split))


def _scores(run: Run, task: Task, split: Split) -> Iterable[HeldOutScore]:
    parts: dict[str, list[tuple[Tensor, Tensor]]] = {metric.name: [] for metric in task.metrics}
    for batch in evaluation_batches(task.examples(split), _batch(task.signature)):
        outputs = run(batch.inputs, batch.lengths).float()
        for metric in task.metrics:
            parts[metric.name].append(metric.parts(outputs, batch))
    for metric in task.metrics:
        values, weights = (torch.cat(column) for column in zip(*parts[metric.name], strict=True))
        estimate = metric.score(values, weights, task.examples(split).groups)
        yield HeldOutScore(
            metric=metric.name,
            unit=metric.unit,
            split=split.value,
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
        )


def _batch(signature: Signature) -> int:
    return max(1, min(_MOST_EXAMPLES, _MOST_OUTPUTS // signature.outputs))

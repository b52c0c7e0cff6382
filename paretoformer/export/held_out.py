"""Scores of an exported model on the data that it was not trained on."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from paretoformer.evaluators.evaluation import evaluate
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.task import Task
from paretoformer.export.format import Run

SPLITS = (Split.VALIDATION, Split.TEST)


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
    """Every metric that can be read of `run`, on validation and test; whatever is random in the model draws from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return tuple(found for split in SPLITS for found in _scores(run, task, split))


def _scores(run: Run, task: Task, split: Split) -> Iterable[HeldOutScore]:
    groups = task.examples(split).groups
    for name, parts in evaluate(run, task, split, device=torch.device("cpu")).items():
        metric = task.metric(name)
        estimate = metric.score(parts, groups)
        yield HeldOutScore(
            metric=name,
            unit=metric.unit,
            split=split.value,
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
        )

"""What every metric of a task reads of a model, over a whole split."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from paretoformer.evaluators.batches import evaluation_batches
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.foreign import is_ours
from paretoformer.evaluators.generation import generate
from paretoformer.evaluators.metric import GeneratedMetric, Metric, OutputMetric, PairMetric
from paretoformer.evaluators.phase import TrainingFailed
from paretoformer.evaluators.task import Task
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.contract import Model, PairModel, Source

_MOST_EXAMPLES = 256
_MOST_OUTPUTS = 2**22  # numbers that a model gives for one batch: 16 MiB in fp32

Run = Callable[[Tensor, Tensor | None, Source | None], Tensor]
"""A model as a call: inputs, lengths and source as the signature says -> its output."""


@torch.no_grad()  # not inference_mode: what a module keeps from here, training may use
def evaluate(
    run: Run,
    task: Task,
    split: Split,
    *,
    device: torch.device,
    precision: str = "fp32",
    between_batches: Callable[[], None] = lambda: None,
    most: int | None = None,
) -> Mapping[str, Tensor]:
    """By metric, the parts of all examples of a split, or of the first `most`, (n, K) float64 on the CPU.

    What is not a `Model` gives no tokens and no vectors, and metrics that read those are left out.
    """
    examples = task.examples(split).take(slice(most))
    found: dict[str, list[Tensor]] = {}
    pairs: list[tuple[Tensor, Tensor]] = []
    for part in evaluation_batches(examples, batch_size(task.signature)):
        between_batches()
        batch = part.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            for name, parts in _parts(run, task, batch).items():
                found.setdefault(name, []).append(parts.cpu())
            if isinstance(run, PairModel) and _reads(task, PairMetric):
                assert batch.source is not None, "pairs have a source"
                pair = run.pair(batch.inputs, batch.lengths, batch.source)
                pairs.append((pair.text.float().cpu(), pair.source.float().cpu()))
    whole = {name: torch.cat(parts) for name, parts in found.items()}
    if pairs:
        text, source = (torch.cat(side) for side in zip(*pairs, strict=True))
        whole |= {
            metric.name: _parts_of(metric, text, source, examples)
            for metric in task.metrics
            if isinstance(metric, PairMetric)
        }
    return whole


def _parts_of(metric: Metric, *read: Any) -> Tensor:
    """What the metric makes of what it reads; the mistakes of another package's metric are told in a sentence."""
    try:
        parts: Tensor = metric.parts(*read)  # type: ignore[attr-defined]  # each kind of metric reads other things
    except Exception as error:
        if is_ours(type(metric)):
            raise
        said = f"{type(error).__name__}: {error}"
        raise TrainingFailed(f"metric {metric.name} of {type(metric).__module__} raised {said}") from error
    return parts


def _parts(run: Run, task: Task, batch: Examples) -> dict[str, Tensor]:
    found = {}
    if _reads(task, OutputMetric):
        outputs = run(batch.inputs, batch.lengths, batch.source).float()
        found = {
            metric.name: _parts_of(metric, outputs, batch)
            for metric in task.metrics
            if isinstance(metric, OutputMetric)
        }
    if isinstance(run, Model) and _reads(task, GeneratedMetric):
        generated, here = generate(run, batch, task.symbols.end), batch.to(torch.device("cpu"))
        found |= {
            metric.name: _parts_of(metric, generated, here)
            for metric in task.metrics
            if isinstance(metric, GeneratedMetric)
        }
    return found


def _reads(task: Task, kind: type) -> bool:
    return any(isinstance(metric, kind) for metric in task.metrics)


def batch_size(signature: Signature) -> int:
    """How many examples are evaluated at once."""
    return max(1, min(_MOST_EXAMPLES, _MOST_OUTPUTS // signature.outputs))

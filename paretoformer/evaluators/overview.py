"""What was understood of a task's data, before any training."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from paretoformer.evaluators.contradictions import Contradictions
from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.task import Task
from paretoformer.records.signature import ImageInput, TokenInput


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Tokens or steps of an example."""

    least: int
    median: int
    most: int


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Figures of all splits together, but for `splits`, examples of each.

    `classes` are examples (or tokens, where each has a label) of each class; `lengths` None where all are images; `vocabulary`
    the distinct tokens that occur, None where there are none. `duplicates` examples are copies of others: `repeated`
    different ones occur more than once, `crossing` of them in several splits, which a task of ours never has.
    `contradictions` are copies with different labels, None where there are none or the task does not look for them. `lacking`
    are the classes without an example, by split.
    """

    name: str
    title: str
    data: str
    licence: str
    task: str
    metrics: tuple[str, ...]
    constant: Mapping[str, float]
    splits: Mapping[str, int]
    classes: Mapping[str, int]
    lacking: Mapping[str, tuple[str, ...]]
    lengths: Lengths | None
    vocabulary: int | None
    duplicates: int
    repeated: int
    crossing: int
    contradictions: Contradictions | None

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object."""
        return asdict(self)


def overview(task: Task) -> Overview:
    """Look over an opened task."""
    parts = {split: task.examples(split) for split in Split}
    rows = [_rows(part) for part in parts.values()]
    copies = Counter(row for part in rows for row in part)
    return Overview(
        name=task.name,
        title=task.about.title,
        data=task.about.data,
        licence=task.about.licence,
        task=str(task.signature),
        metrics=tuple(metric.name for metric in task.metrics),
        constant=task.constant_scores(),
        splits={split.value: len(part) for split, part in parts.items()},
        classes=_classes(task, parts.values()),
        lacking={split.value: lacked for split, part in parts.items() if (lacked := _lacking(task, part))},
        lengths=None if isinstance(task.signature.input, ImageInput) else _lengths(list(parts.values())),
        vocabulary=_vocabulary(parts) if isinstance(task.signature.input, TokenInput) else None,
        duplicates=sum(copies.values()) - len(copies),
        repeated=sum(count > 1 for count in copies.values()),
        crossing=sum(count > 1 for count in Counter(row for part in rows for row in set(part)).values()),
        contradictions=getattr(task, "contradictions", None),
    )


def _rows(part: Examples) -> list[bytes]:
    """What is given in each example, as bytes; padding tells no two apart, since all rows of a task are padded alike."""
    width = part.inputs.flatten(1)
    lengths = part.lengths if part.lengths is not None else torch.full((len(part),), -1)
    source = (
        [b""] * len(part) if part.source is None else [row.tobytes() for row in part.source.inputs.flatten(1).numpy()]
    )
    rows = zip(width.numpy(), lengths.tolist(), source, strict=True)
    return [b"%d|" % length + row.tobytes() + beside for row, length, beside in rows]


def _classes(task: Task, parts: Iterable[Examples]) -> dict[str, int]:
    names = getattr(task, "classes", None)
    if names is None:
        return {}
    targets = torch.cat([part.targets.flatten() for part in parts])
    counts = torch.bincount(targets[targets != IGNORED], minlength=len(names)).tolist()
    return dict(zip(names, counts, strict=True))


def _lacking(task: Task, part: Examples) -> tuple[str, ...]:
    return tuple(name for name, count in _classes(task, [part]).items() if not count)


def _lengths(parts: list[Examples]) -> Lengths:
    found = torch.cat(
        [torch.full((len(part),), part.inputs.shape[1]) if part.lengths is None else part.lengths for part in parts]
    )
    return Lengths(least=int(found.min()), median=int(found.median()), most=int(found.max()))


def _vocabulary(parts: Mapping[Split, Examples]) -> int:
    found: set[int] = set()
    for part in parts.values():
        inputs = part.inputs
        if part.lengths is not None:
            inputs = inputs[torch.arange(inputs.shape[1]) < part.lengths[:, None]]
        found.update(inputs.unique().tolist())
    return len(found)

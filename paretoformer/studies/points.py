"""A complete trial as a point: what it is, what it scored, what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paretoformer.records.measurement import Measurement
from paretoformer.records.target import Target
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.studies.front import Interval
from paretoformer.studies.spec import Column


@dataclass(frozen=True, kw_only=True)
class FrontPoint:
    """`values` follow `columns`, in their units as people read them; `oriented` turns them so that smaller is better.

    `noisy_columns` are those whose measurement was flagged, `remeasured_columns` those that were measured anew at the end of a
    study. `tied` says that another member of the same front has the better
    medians, without an objective separated by its interval.
    """

    number: int
    columns: tuple[Column, ...]
    values: tuple[Interval, ...]
    provenance: tuple[str, ...]
    architecture: Architecture
    counts: dict[str, int]
    genes: dict[str, Any]
    noisy_columns: tuple[Column, ...] = ()
    remeasured_columns: tuple[Column, ...] = ()
    tied: bool = False

    @property
    def noisy(self) -> bool:
        """Whether the visits or clocks of one of its measurements disagree."""
        return bool(self.noisy_columns)

    def on(self, target: Target) -> "FrontPoint":
        """The point without the costs of other targets."""
        kept = [index for index, column in enumerate(self.columns) if column.target in (None, target)]
        return replace(
            self,
            columns=tuple(self.columns[index] for index in kept),
            values=tuple(self.values[index] for index in kept),
            provenance=tuple(self.provenance[index] for index in kept),
            noisy_columns=tuple(column for column in self.noisy_columns if column.target == target),
            remeasured_columns=tuple(column for column in self.remeasured_columns if column.target == target),
        )

    @property
    def oriented(self) -> tuple[float, ...]:
        """Medians with smaller meaning better."""
        return tuple(column.oriented(value.value) for column, value in zip(self.columns, self.values, strict=True))

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """Intervals with smaller meaning better."""
        pairs = zip(self.columns, self.values, strict=True)
        return tuple(v if c.minimise else Interval(value=-v.value, low=-v.high, high=-v.low) for c, v in pairs)

    @property
    def names(self) -> tuple[str, ...]:
        """What `cost` knows."""
        return tuple(dict.fromkeys((*(column.name for column in self.columns), *self.counts)))

    def cost(self, name: str, target: Target | None = None) -> float | None:
        """An objective or a count by name, an objective of several targets on its first; None if there is none.

        With a `target` only what is known on it.
        """
        for column, value in zip(self.columns, self.values, strict=True):
            if column.name == name and target in (None, column.target):
                return value.value
        return self.counts.get(name) if target is None else None

    def to_json(self) -> dict[str, Any]:
        """What `front --json` prints of it."""
        objectives = {
            str(column): {
                "value": v.value,
                "low": v.low,
                "high": v.high,
                "unit": column.unit,
                "provenance": source,
                **({"remeasured": True} if column in self.remeasured_columns else {}),
                **({} if v.error is None else {"standard_error": v.error, "runs": v.runs}),
            }
            for column, v, source in zip(self.columns, self.values, self.provenance, strict=True)
        }
        return {
            "trial": self.number,
            "objectives": objectives,
            "counts": self.counts,
            "genes": self.genes,
            "mixers": list(self.architecture.mixers()),
            "digest": self.architecture.digest,
            "noisy": self.noisy,
            "tied": self.tied,
        }


def column_intervals(
    columns: Sequence[Column],
    scores: Mapping[str, Interval],
    costs: Mapping[tuple[str, str], Measurement],
    counts: Mapping[str, int],
) -> tuple[Interval, ...]:
    """The value of each column with its interval, in its unit: a score, a measurement of its target, or a count."""
    found = []
    for column in columns:
        if column.target:
            cost = costs[column.name, str(column.target)]
            found.append(Interval(value=cost.value, low=cost.low, high=cost.high))
        elif column.name in scores:
            found.append(scores[column.name])
        else:
            count = float(counts[column.name])
            found.append(Interval(value=count, low=count, high=count))
    return tuple(found)

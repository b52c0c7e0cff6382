"""What the rows of a table ask of a model: a label, or numbers."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.metrics.mae import MeanAbsoluteError
from paretoformer.evaluators.metrics.rmse import RootMeanSquaredError
from paretoformer.evaluators.own_data import cells
from paretoformer.evaluators.own_data.columns import SEVERAL, ColumnChoice
from paretoformer.evaluators.own_data.reading import check_classes, class_numbers
from paretoformer.evaluators.own_data.rows import Columns
from paretoformer.evaluators.own_data.scaling import Scaling
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, NumberOutput

DEVIATIONS = "deviations"
"""The unit of errors of scaled numbers: who always says training's mean is off by about 1."""


class Asked(ABC):
    """Targets of all rows. `plain` is what they say, as JSON; `strata` is spread evenly over the splits."""

    plain: list[Any]
    strata: list[str] | None
    metrics: tuple[Metric, ...]
    recipe: Recipe
    output: ClassOutput | NumberOutput
    title: str
    scaling: Scaling | None = None
    """Of each number; known once there is a tensor, and None for labels."""

    @abstractmethod
    def tensor(self, training: Sequence[int]) -> Tensor:
        """Targets; whatever is learnt from data is learnt from the training rows."""

    @abstractmethod
    def baseline(self, constant: float) -> str:
        """What the best constant answer scores."""


class Labels(Asked):
    """One of the labels, sorted."""

    def __init__(self, what: str, name: str, labels: list[str]) -> None:
        if min(Counter(labels).values()) == 1 and all(cells.number_of(label) is not None for label in labels):
            raise UserError(
                f"'{what}' has {len(set(labels)):,} different numbers in column '{name}', some of them in a single row; "
                f"write value={name} to ask for a number."
            )
        check_classes(what, labels, "row")
        self.plain, self.strata, self.classes = labels, labels, tuple(sorted(set(labels)))
        self.metrics, self.recipe = (Accuracy(),), Recipe(batch=32, budget=16_384)
        self.output, self.title = ClassOutput(classes=len(self.classes)), f"{name} of {len(self.classes)} classes"

    def tensor(self, training: Sequence[int]) -> Tensor:
        """(n,) long."""
        return class_numbers(self.classes, self.plain)

    def baseline(self, constant: float) -> str:
        """The share of the most frequent class."""
        return f"most frequent class: {constant:.3f} of validation"


class Values(Asked):
    """One or several numbers, each scaled to training's mean and deviation."""

    def __init__(self, what: str, names: tuple[str, ...], rows: cells.Floats) -> None:
        for name, column in zip(names, rows.T, strict=True):
            if (column == column[0]).all():
                raise UserError(
                    f"'{what}' has only one value in column '{name}', {column[0]:g}; nothing can be learnt from it."
                )
        self._rows = rows
        self.plain, self.strata = rows.tolist(), None
        self.metrics = (RootMeanSquaredError(unit=DEVIATIONS), MeanAbsoluteError(unit=DEVIATIONS))
        self.recipe = Recipe(criterion="squared-error", batch=32, budget=16_384)
        self.output, self.title = NumberOutput(numbers=len(names)), SEVERAL.join(names)

    def tensor(self, training: Sequence[int]) -> Tensor:
        """(n, numbers)."""
        self.scaling = Scaling.of(self._rows[list(training)])
        return torch.from_numpy(self.scaling.scaled(self._rows))

    def baseline(self, constant: float) -> str:
        """The error of training's mean."""
        return f"training's mean: {constant:.3f} {DEVIATIONS} on validation"


def read_asked(what: str, table: Columns, chosen: ColumnChoice) -> Labels | Values:
    """The targets that the columns hold. `what` names the table in sentences.

    Raises:
        UserError: a cell is not what it is to be (names the row), or nothing can be learnt from them.
    """
    names = chosen.asked_columns
    if chosen.asked == "label":
        return Labels(what, names[0], cells.labels(what, names[0], table[names[0]]))
    return Values(what, names, cells.numbers(what, names, table))

"""A predictor of one column of tables: how it reads them, and what it learned. Kept as a JSON file."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from paretoformer.hardware_models.predictors.fitting import Fitted, Prediction
from paretoformer.hardware_models.tables.columns import Column
from paretoformer.hardware_models.tables.expansion import Expansion
from paretoformer.hardware_models.tables.features import Features, Floats
from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.records.json_file import read_json, write_json
from paretoformer.records.measurement import Provenance

if TYPE_CHECKING:
    import pandas as pd

FORMAT, VERSION = "paretoformer predictor", 1


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the rows of a fit come from, and the unit of what is predicted, None where the table does not say.

    `rows` is the digest of the costs that were fitted to, whatever their order, and `seen` has one of each row with its cost;
    None for predictors of before they were kept.
    """

    source: str = "a table"
    unit: str | None = None
    rows: str | None = None
    seen: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class TablePredictor:
    """`column` is predicted in the unit of its `origin`; `prior` is another device's predictor."""

    column: str
    origin: Origin
    expansion: Expansion
    fitted: Fitted
    seed: int
    prior: "TablePredictor | None" = None

    def features(self, frame: "pd.DataFrame") -> Features:
        """Features of a table, with what the other device's predictor says of it.

        Raises:
            UserError: a column is missing, or a cell cannot be read.
        """
        features = self.expansion.features(frame)
        return features if self.prior is None else replace(features, prior=self.prior.predict(frame).value)

    def predict(self, frame: "pd.DataFrame") -> Prediction:
        """Costs of each row, with intervals.

        Raises:
            UserError: a column is missing, or a cell cannot be read.
        """
        return self.fitted.predict(self.features(frame))

    def has_seen(self, frame: "pd.DataFrame", target: Floats) -> npt.NDArray[np.bool_]:
        """Which rows, with these costs, it or the other device's predictor was fitted to; (rows,).

        Of a predictor that kept no rows it is known only where its costs are these, all of them.

        Raises:
            UserError: a column is missing, or a cell cannot be read.
        """
        if self.origin.seen is None:
            found = np.full(len(target), self.origin.rows == costs_digest(target))
        else:
            known, columns = set(self.origin.seen), self.expansion.read(frame)
            found = np.array([each in known for each in row_digests(columns, target)], dtype=np.bool_)
        return found if self.prior is None else found | self.prior.has_seen(frame, target)

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "provenance": str(Provenance.PREDICTED),
            "column": self.column,
            "origin": asdict(self.origin),
            "seed": self.seed,
            "expansion": self.expansion.to_json(),
            "fitted": self.fitted.to_json(),
            "prior": None if self.prior is None else self.prior.to_json(),
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> "TablePredictor":
        """Read what `to_json` wrote."""
        prior = value["prior"]
        return TablePredictor(
            column=value["column"],
            origin=_origin(value["origin"]),
            expansion=Expansion.from_json(value["expansion"]),
            fitted=Fitted.from_json(value["fitted"]),
            seed=value["seed"],
            prior=None if prior is None else TablePredictor.from_json(prior),
        )

    def save(self, path: Path) -> None:
        """Write it to a file.

        Raises:
            UserError: the file cannot be written.
        """
        try:
            write_json(path, self.to_json())
        except OSError as error:
            raise UserError(f"'{path}' cannot be written: {error.strerror}.") from error

    @staticmethod
    def load(path: Path) -> "TablePredictor":
        """Read what `save` wrote.

        Raises:
            UserError: it cannot be read, or is no predictor of this version.
        """
        value = read_json(path)
        if (value.get("format"), value.get("version")) != (FORMAT, VERSION):
            raise UserError(
                f"'{path}' is no predictor of this version; `devices predict fit --out FILE.json` writes one."
            )
        try:
            return TablePredictor.from_json(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"'{path}' is a predictor that was changed or cut off: {type(error).__name__} {error}."
            ) from error


def costs_digest(target: Floats) -> str:
    """Digest of costs, whatever their order."""
    return digest(sorted(target.tolist()))


def row_digests(columns: Sequence[Column], target: Floats) -> list[str]:
    """By row 16 hex digits of its cells, whatever the order of columns, and its cost."""
    ordered = sorted(columns, key=lambda column: column.name)
    cells = zip(*(column.cells for column in ordered), target.tolist(), strict=True)
    return [digest(list(row))[:16] for row in cells]


def _origin(value: dict[str, Any]) -> Origin:
    seen = value.get("seen")
    return Origin(**(value | {"seen": None if seen is None else tuple(seen)}))

"""Stored measurements as tables that predictors learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paretoformer.hardware_models.predictors.table_predictor import Origin
from paretoformer.hardware_models.tables.architectures import architecture_frame
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import UserError, unknown
from paretoformer.records.measurement import Provenance
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.store import Store

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[str, str]
"""Digest of a device, and a target."""
Model = tuple[str, str]
"""Digests of an architecture and a signature."""


@dataclass(frozen=True, kw_only=True)
class CostTable:
    """Rows with the costs to be predicted among their columns; `units` are of costs whose unit is known."""

    frame: "pd.DataFrame"
    source: str
    units: Mapping[str, str] = field(default_factory=dict)

    def origin(self, column: str) -> Origin:
        """Where a column comes from."""
        return Origin(source=self.source, unit=self.units.get(column))


def measured_table(store: Store, quantities: Sequence[str], on: str | None = None) -> CostTable:
    """The models of a database that were measured on one target of one device: architecture, counts, and the quantities.

    Args:
        store: the database.
        quantities: costs that depend on a target; a model has a row where all of them were measured, the newest values.
        on: the target, or its beginning, where there are several.

    Raises:
        UserError: no such cost, nothing measured, or measurements of several targets.
    """
    for quantity in quantities:
        if quantity not in COSTS or not COSTS[quantity].per_target:
            raise unknown("measured cost", quantity, (name for name, cost in COSTS.items() if cost.per_target))
    (device, target), rows = _of_one_place(store, quantities, on)
    names = {each.digest: each.name for each in store.devices.all()}
    models = list(rows)
    specs = [store.architectures.get(architecture) for architecture, _ in models]
    counts = [store.models.counts(*model) or {} for model in models]
    signatures = [store.signatures.get(signature) or {} for _, signature in models]
    architectures = [Architecture.from_json(spec) for spec in specs if spec is not None]
    frame = architecture_frame(
        architectures, [{**count, **_numbers(signature)} for count, signature in zip(counts, signatures, strict=True)]
    )
    for quantity in quantities:
        frame[quantity] = [rows[model][quantity] for model in models]
    return CostTable(
        frame=frame,
        source=f"measurements of {target} on {names.get(device, 'a device')} {device[:12]}",
        units={quantity: COSTS[quantity].unit for quantity in quantities},
    )


def _of_one_place(
    store: Store, quantities: Sequence[str], on: str | None
) -> tuple[Place, dict[Model, dict[str, float]]]:
    places: dict[Place, dict[Model, dict[str, float]]] = {}
    for quantity in quantities:
        for row in store.measurements.all(quantity=quantity):
            target = row.measurement.target
            wanted = on is None or target == on or target.startswith(f"{on}:")
            if wanted and row.measurement.provenance is Provenance.MEASURED:
                models = places.setdefault((row.device, target), {})
                models.setdefault((row.architecture, row.signature), {})[quantity] = row.measurement.value
    whole = {
        place: {model: values for model, values in models.items() if len(values) == len(quantities)}
        for place, models in places.items()
    }
    whole = {place: models for place, models in whole.items() if models}
    if not whole:
        on_target = f" on {on}" if on else ""
        raise UserError(f"The database has no model with a measured {' and '.join(quantities)}{on_target}.")
    if len(whole) > 1:
        listed = ", ".join(
            f"{target} ({len(models)} models, device {device[:12]})" for (device, target), models in whole.items()
        )
        raise UserError(
            f"The database has measurements of several targets or devices; choose with --on among {listed}."
        )
    return next(iter(whole.items()))


def _numbers(signature: Mapping[str, Any], within: str = "signature") -> dict[str, float]:
    """The numbers of a nested JSON object, each by its path."""
    found: dict[str, float] = {}
    for name, value in signature.items():
        if isinstance(value, Mapping):
            found |= _numbers(value, f"{within}.{name}")
        elif isinstance(value, int | float):
            found[f"{within}.{name}"] = float(value)
    return found

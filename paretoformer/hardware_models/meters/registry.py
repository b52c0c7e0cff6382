"""All meters, found by importing the files of this folder, and which of them supplies a cost."""

from typing import TypeVar

from paretoformer.hardware_models.analytic import ROOFLINE
from paretoformer.hardware_models.meters.base import Meter
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable, unknown
from paretoformer.records.measurement import Provenance
from paretoformer.records.registry import Registry
from paretoformer.records.target import Target

M = TypeVar("M", bound=Meter)

_METERS: Registry[type[Meter]] = Registry("meter", "paretoformer.hardware_models.meters")
_TRUST = (Provenance.COUNTED, Provenance.MEASURED, Provenance.PREDICTED, Provenance.MODELLED)


def register_meter(meter: type[M]) -> type[M]:
    """Class decorator that makes a meter known by its method.

    Raises:
        ValueError: the method is taken.
    """
    _METERS.add(meter.method, meter)
    return meter


def meters() -> tuple[type[Meter], ...]:
    """Every meter, the most trusted provenance first, then by method."""
    return tuple(sorted(_METERS.all(), key=lambda meter: (_TRUST.index(meter.provenance), meter.method)))


def meter(method: str) -> type[Meter]:
    """One meter.

    Raises:
        UserError: there is none of that method; lists the methods.
    """
    return _METERS.get(method)


def meter_for(quantity: str, target: Target) -> Meter:
    """The most trusted meter, at its default settings, that supplies a cost on a filled target.

    Raises:
        UserError: the quantity is no cost that depends on a target; lists those.
        Unavailable: no meter can supply it here; gives each meter's reason.
    """
    if quantity not in COSTS or not COSTS[quantity].per_target:
        raise unknown("per-target cost", quantity, (name for name, cost in COSTS.items() if cost.per_target))
    reasons = []
    for kind in meters():
        if quantity not in kind.quantities:
            continue
        candidate = kind()
        try:
            candidate.check(target)
        except Unavailable as error:
            reasons.append(f"{candidate.method}: {error}")
            continue
        if quantity in candidate.gives(target):
            return candidate
        reasons.append(f"{candidate.method}: workload {target.workload} has no {quantity}")
    raise Unavailable(f"{quantity} is unavailable on {target}: {'; '.join(reasons)}")


def provenance_of(quantity: str, target: Target) -> Provenance:
    """Whether a cost would be measured or modelled here; fixed for each objective when a study is made.

    Raises:
        UserError: the quantity is no cost that depends on a target.
        Unavailable: nothing can supply it here.
    """
    return meter_for(quantity, target).provenance


def why_modelled(quantity: str, target: Target) -> str | None:
    """What keeps a cost from being measured on a filled target of this machine; None where it is, or where nothing runs."""
    reasons = []
    for kind in meters():
        if quantity not in kind.quantities or kind.provenance is not Provenance.MEASURED or target.runtime == ROOFLINE:
            continue
        try:
            kind().check(target)
        except Unavailable as error:
            reasons.append(str(error).rstrip("."))
        else:
            return None
    return "; ".join(reasons) or None

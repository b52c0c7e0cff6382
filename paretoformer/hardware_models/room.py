"""Whether a model has room on a device that is known from a datasheet."""

from functools import lru_cache

from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.datasheets.datasheet import Datasheet
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.memory_model import MemoryModelMeter
from paretoformer.hardware_models.modelled_targets import is_modelled, modelled_device
from paretoformer.records.target import Target
from paretoformer.records.units import show


class DoesNotFit(CannotRun):
    """The device has less memory than the subject is modelled to take."""


def computed(meter: Meter, subject: Subject, target: Target) -> Visit:
    """The visit of a meter that only computes; of all costs but memory only where the subject has room.

    Raises:
        DoesNotFit: it has none; says what it takes, and what there is.
        Unavailable: this machine cannot supply the cost.
    """
    if "memory" not in meter.quantities:
        lacking = _lacking(subject, target)
        if lacking:
            raise DoesNotFit(f"{target}: it does not fit there: {lacking}.")
    return meter.visit(subject, target)


def has_room(subject: Subject, target: Target) -> bool:
    """Whether the device's memory, where a datasheet tells it, holds the subject."""
    return not _lacking(subject, target)


def _lacking(subject: Subject, target: Target) -> str:
    """What it takes and what there is, where that is less."""
    sheet = modelled_device(target).known if is_modelled(target) else None
    if not isinstance(sheet, Datasheet):
        return ""
    taken, there = _taken(subject, target), sheet.memory_bytes.value
    return f"it takes {show(taken, 'B')}, and {sheet.name} has {show(there, 'B')}" if taken > there else ""


@lru_cache(maxsize=16)
def _taken(subject: Subject, target: Target) -> float:
    return MemoryModelMeter().modelled(subject, target)[0]["memory"]

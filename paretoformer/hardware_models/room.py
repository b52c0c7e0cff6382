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
    sheet = modelled_device(target).known if is_modelled(target) else None
    if isinstance(sheet, Datasheet) and "memory" not in meter.quantities:
        taken = _taken(subject, target)
        if taken > sheet.memory_bytes.value:
            there, needed = (show(value, "B") for value in (sheet.memory_bytes.value, taken))
            raise DoesNotFit(f"{target}: it does not fit there: it takes {needed}, and {sheet.name} has {there}.")
    return meter.visit(subject, target)


@lru_cache(maxsize=16)
def _taken(subject: Subject, target: Target) -> float:
    return MemoryModelMeter().modelled(subject, target)[0]["memory"]

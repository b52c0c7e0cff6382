"""Who measures: this host its own targets, other hosts theirs."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from paretoformer.hardware_models.devices import Device
from paretoformer.hardware_models.measuring import MakeVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.registry import meter_for, why_modelled
from paretoformer.hardware_models.modelled_targets import device_of
from paretoformer.hardware_models.targets import fill
from paretoformer.records.errors import UserError
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target


class StationGone(UserError):
    """A host that shall measure has no station, or one that answers no more; work can go on once there is one again."""


class Station(ABC):
    """What is asked of a host that measures. Targets are written, and visits come back, as the asker writes them."""

    @abstractmethod
    def fill(self, target: Target, signature: Signature) -> Target:
        """The target with no empty field.

        Raises:
            UserError: the host has no such target, or cannot be asked.
        """

    @abstractmethod
    def meter(self, quantity: str, target: Target) -> Meter:
        """What supplies a cost on a filled target.

        Raises:
            Unavailable: nothing can supply it there.
        """

    @abstractmethod
    def device(self, target: Target) -> Device:
        """The device of a target, as it is there."""

    @abstractmethod
    def why_modelled(self, quantity: str, target: Target) -> str | None:
        """What keeps a cost from being measured on a filled target; None where it is, or where nothing runs."""

    @abstractmethod
    def visit(self, meter: Meter, subject: Subject, target: Target) -> Visit:
        """One visit, with the device to itself.

        Raises:
            MeasuringFailed: it came to nothing; `CannotRun` where another architecture may be measured.
            StationGone: nobody is there to make it.
            Unavailable: the cost cannot be supplied.
        """


class Here(Station):
    """This host; `make_visit` makes its visits."""

    def __init__(self, make_visit: MakeVisit) -> None:
        self._make_visit = make_visit

    def fill(self, target: Target, signature: Signature) -> Target:
        """See `Station`."""
        return fill(target, signature)

    def meter(self, quantity: str, target: Target) -> Meter:
        """See `Station`."""
        return meter_for(quantity, target)

    def device(self, target: Target) -> Device:
        """See `Station`."""
        return device_of(target)

    def why_modelled(self, quantity: str, target: Target) -> str | None:
        """See `Station`."""
        return why_modelled(quantity, target)

    def visit(self, meter: Meter, subject: Subject, target: Target) -> Visit:
        """See `Station`."""
        return self._make_visit(meter, subject, target)


class Stations(Station):
    """This host's station for its own targets, `distant(host)` for those of another host."""

    def __init__(self, here: Station, distant: Callable[[str], Station]) -> None:
        self._here, self._distant = here, distant

    def fill(self, target: Target, signature: Signature) -> Target:
        """See `Station`."""
        return self._of(target).fill(target, signature)

    def meter(self, quantity: str, target: Target) -> Meter:
        """See `Station`."""
        return self._of(target).meter(quantity, target)

    def device(self, target: Target) -> Device:
        """See `Station`."""
        return self._of(target).device(target)

    def why_modelled(self, quantity: str, target: Target) -> str | None:
        """See `Station`."""
        return self._of(target).why_modelled(quantity, target)

    def visit(self, meter: Meter, subject: Subject, target: Target) -> Visit:
        """See `Station`."""
        return self._of(target).visit(meter, subject, target)

    def _of(self, target: Target) -> Station:
        return self._here if target.host is None else self._distant(target.host)

"""Targets that are modelled by rates: a datasheet's devices, and this machine's once their peaks are known."""

from dataclasses import dataclass, replace

from paretoformer.hardware_models.analytic import ROOFLINE
from paretoformer.hardware_models.datasheets.catalogue import datasheet
from paretoformer.hardware_models.datasheets.datasheet import Datasheet
from paretoformer.hardware_models.devices import Device, device_names, probe
from paretoformer.hardware_models.peaks import Peaks, known_peaks
from paretoformer.hardware_models.rates import Rates
from paretoformer.records.errors import UserError
from paretoformer.records.target import Target


@dataclass(frozen=True, kw_only=True)
class ModelledDevice:
    """A device with its rates. Modelled costs belong to it: other rates are another device."""

    device: Device
    known: Datasheet | Peaks

    @property
    def threads(self) -> int:
        """The most that a target may have."""
        return self.known.threads

    def rates(self, threads: int) -> Rates:
        """What it does at most with so many threads."""
        return self.known.rates(threads)


def is_modelled(target: Target) -> bool:
    """Whether the target asks for a model, by its runtime or because its device is known from a datasheet alone."""
    return target.runtime == ROOFLINE or (target.device not in device_names() and datasheet(target.device) is not None)


def modelled_device(target: Target) -> ModelledDevice:
    """The device of such a target.

    Raises:
        UserError: no such device, or one of this machine whose peaks are not known.
    """
    if target.device not in device_names():
        sheet = datasheet(target.device)
        if sheet is not None:
            return ModelledDevice(device=Device(name=sheet.name, fingerprint=sheet.to_json()), known=sheet)
    device = probe(target.device)
    peaks = known_peaks(device.digest)
    if peaks is None:
        raise UserError(
            f"{target.device} has no runtime {ROOFLINE} yet, since its peaks are not known; "
            f"measure them: paretoformer devices probe {target.device}."
        )
    rates = {name: value for name, value in peaks.to_json().items() if name != "conditions"}
    modelled = Device(name=device.name, fingerprint={**device.fingerprint, "peaks": rates}, momentary=device.momentary)
    return ModelledDevice(device=modelled, known=peaks)


def device_of(target: Target) -> Device:
    """The device that costs on a target belong to.

    Raises:
        UserError: there is none.
    """
    return modelled_device(target).device if is_modelled(target) else probe(target.device)


def with_defaults(target: Target) -> Target:
    """The target with runtime and threads: all that a datasheet's device has, one of this machine's."""
    found = modelled_device(target)
    threads = found.threads if isinstance(found.known, Datasheet) else 1
    return replace(target, runtime=target.runtime or ROOFLINE, threads=target.threads or threads)


def modelled_problem(target: Target) -> str | None:
    """What is wrong with a filled target of this kind, as the end of a sentence."""
    assert target.precision and target.threads
    found = modelled_device(target)
    if target.runtime != ROOFLINE:
        return f"'{target.runtime}' is not a runtime of this device, which is known from a datasheet; it has {ROOFLINE}"
    rates = found.rates(target.threads).macs_per_s
    if target.precision not in rates:
        return f"'{target.precision}' has no rate there; precisions that have: {', '.join(rates)}"
    if target.threads > found.threads:
        return f"{target.threads} threads are more than the {found.threads} of this device"
    return None

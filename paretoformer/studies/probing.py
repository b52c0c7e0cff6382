"""Measuring what devices do at most, with each to itself, and keeping it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.peak_measuring import take_peaks
from paretoformer.hardware_models.peaks import METHOD, METHOD_VERSION, Peaks, keep_peaks, known_peaks
from paretoformer.records.errors import UserError
from paretoformer.store import CalibrationKey, DeviceRow, Store
from paretoformer.store.address import parse_address, sqlite_file
from paretoformer.studies.lease import Lease

FAMILY = "peaks"


def probe_peaks(
    names: Iterable[str], storage: str, *, say: Callable[[str], None] = lambda text: None
) -> dict[str, Peaks]:
    """Measure the peaks of this machine's devices; where they were known already, the higher rate of each stays.

    They are kept for every command of this user, and in the database beside its measurements.

    Raises:
        UserError: no such device, or one whose peaks cannot be measured or kept; the others before it are.
    """
    found = {}
    with Store.open(storage) as store:
        for name in names:
            device = probe(name)
            say(name)
            try:
                taken = take_peaks(device, lease=partial(_alone, name))
            except MeasuringFailed as error:
                raise UserError(f"{name}: {error.reason.rstrip('.')}; leave them out by --no-peaks.") from error
            peaks = taken.better(known_peaks(device.digest))
            keep_peaks(peaks)
            store.devices.put(device.digest, name=device.name, fingerprint=device.fingerprint)
            store.calibrations.put(peaks_key(device.digest, device.name), peaks.to_json())
            found[name] = peaks
    return found


@dataclass(frozen=True, kw_only=True)
class StoredDevice:
    """A device of a database, how many measurements there are of it, and its peaks where they were measured."""

    row: DeviceRow
    measurements: int
    peaks: Peaks | None


def stored_devices(storage: str) -> list[StoredDevice]:
    """The devices that a database knows; none where there is no such file yet.

    Raises:
        UserError: the database cannot be opened.
    """
    file = sqlite_file(parse_address(storage))
    if file is not None and not file.exists():
        return []
    with Store.open(storage, create=False, read_only=True) as store:
        return [
            StoredDevice(
                row=row,
                measurements=len(store.measurements.all(device=row.digest)),
                peaks=_stored_peaks(store, row),
            )
            for row in store.devices.all()
        ]


def peaks_key(digest: str, name: str) -> CalibrationKey:
    """Where a device's peaks stand among the calibrations."""
    return CalibrationKey(device=digest, target=name, family=FAMILY, method=METHOD, method_version=METHOD_VERSION)


def _stored_peaks(store: Store, row: DeviceRow) -> Peaks | None:
    value = store.calibrations.get(peaks_key(row.digest, row.name))
    return None if value is None else Peaks.from_json(value)


@contextmanager
def _alone(device: str) -> Iterator[None]:
    """The host's processor, and the device where it is another, to ourselves."""
    with ExitStack() as held:
        for name in dict.fromkeys(("cpu", device)):
            held.enter_context(Lease(name).alone())
        yield

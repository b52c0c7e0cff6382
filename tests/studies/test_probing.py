"""Peaks as studies take and keep them, with the measuring itself handed in."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from paretoformer.hardware_models.datasheets.catalogue import VARIABLE
from paretoformer.hardware_models.devices import Device, probe
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.peaks import Peak, Peaks, known_peaks
from paretoformer.records.errors import UserError
from paretoformer.store import Store
from paretoformer.studies import probing
from paretoformer.studies.lease import Lease
from paretoformer.studies.probing import probe_peaks, stored_devices


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "devices"))
    monkeypatch.setattr(probing, "Lease", lambda name: Lease(name, tmp_path / "locks"))
    return f"sqlite:///{tmp_path / 'peaks.db'}"


def finding(monkeypatch: pytest.MonkeyPatch, fp32: float) -> list[bool]:
    """Make each measurement find a rate; tells of each whether the device was held."""
    held: list[bool] = []

    def take(device: Device, *, lease: Any) -> Peaks:
        context: AbstractContextManager[object] = lease()
        with context:
            held.append(True)
        rate = Peak(fp32, fp32)
        return Peaks(device=device.digest, threads=1, macs_per_s={"fp32": rate}, bytes_per_s=rate)

    monkeypatch.setattr(probing, "take_peaks", take)
    return held


def test_peaks_are_kept_for_the_user_and_in_the_database(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = finding(monkeypatch, 7.0)
    found = probe_peaks(["cpu"], storage)
    assert held == [True]
    assert known_peaks(probe("cpu").digest) == found["cpu"]
    (device,) = stored_devices(storage)
    assert (device.row.name, device.measurements, device.peaks) == ("cpu", 0, found["cpu"])


@pytest.mark.parametrize(("first", "second"), [(7.0, 9.0), (9.0, 7.0)])
def test_measuring_again_keeps_the_higher_rate(
    storage: str, monkeypatch: pytest.MonkeyPatch, first: float, second: float
) -> None:
    for rate in (first, second):
        finding(monkeypatch, rate)
        probe_peaks(["cpu"], storage)
    (device,) = stored_devices(storage)
    assert device.peaks is not None and device.peaks.macs_per_s["fp32"] == Peak(9.0, 9.0)


def test_what_cannot_be_measured_is_told_with_the_way_around_it(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(device: Device, *, lease: Any) -> Peaks:
        raise MeasuringFailed("it ended.")

    monkeypatch.setattr(probing, "take_peaks", fail)
    with pytest.raises(UserError, match="cpu: it ended; leave them out by --no-peaks."):
        probe_peaks(["cpu"], storage)


def test_an_unknown_device_is_refused(storage: str) -> None:
    with pytest.raises(UserError, match="'abacus' is not a device of this machine"):
        probe_peaks(["abacus"], storage)


def test_a_database_that_is_not_there_has_no_devices_and_is_not_made(storage: str, tmp_path: Path) -> None:
    assert stored_devices(storage) == []
    assert not (tmp_path / "peaks.db").exists()


def test_a_device_without_peaks_is_listed_without(storage: str) -> None:
    with Store.open(storage) as store:
        store.devices.put("d" * 64, name="cpu", fingerprint={})
    assert [device.peaks for device in stored_devices(storage)] == [None]

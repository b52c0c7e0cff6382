"""What devices do at most: measured with clocks handed in, kept, and shared out among threads."""

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.datasheets.catalogue import VARIABLE
from paretoformer.hardware_models.devices import Device, probe, usable_cores
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.peak_measuring import clock_for, peaks_here, take_peaks
from paretoformer.hardware_models.peaks import Peak, Peaks, keep_peaks, known_peaks
from paretoformer.records.errors import UserError

RATES = st.floats(1.0, 1e15)


def peaks(device: str = "d" * 64, fp32: Peak | None = None, **changes: object) -> Peaks:
    rates = {"fp32": fp32 or Peak(10.0, 40.0)}
    given = {"threads": 4, "macs_per_s": rates, "bytes_per_s": Peak(5.0, 8.0), **changes}
    return Peaks(device=device, **given)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def ticking(step_s: float) -> Callable[[str, int], Callable[[], float]]:
    """Clocks that go on by a step at each look, by a half where there are several threads."""

    def clock(name: str, threads: int) -> Callable[[], float]:
        ticks = count()
        return lambda: next(ticks) * (step_s if threads == 1 else step_s / 2)

    return clock


def test_a_rate_is_the_work_of_a_call_by_its_seconds() -> None:
    found = peaks_here("cpu", side=8, size=4096, clock=ticking(1.0), window_s=1e-9)
    assert found["macs_per_s"]["fp32"]["one"] == 8**3
    assert found["bytes_per_s"]["one"] == 2 * 4096
    assert found["threads"] == usable_cores()


def test_a_block_has_as_many_calls_as_fill_it() -> None:
    found = peaks_here("cpu", side=8, size=4096, clock=ticking(1.0), window_s=50.0)
    assert found["macs_per_s"]["fp32"]["one"] == 10 * 8**3


def test_all_threads_are_timed_too() -> None:
    if usable_cores() == 1:
        pytest.skip("one core")
    found = peaks_here("cpu", side=8, size=4096, clock=ticking(1.0), window_s=1e-9)
    assert found["macs_per_s"]["fp32"]["all"] == 2 * found["macs_per_s"]["fp32"]["one"]


@pytest.mark.parametrize("threads", [1, 4])
def test_a_clock_does_not_go_back(threads: int) -> None:
    clock = clock_for("cpu", threads)
    first = clock()
    assert clock() >= first


def test_one_thread_has_its_own_rate_and_all_have_theirs() -> None:
    one, some, whole = (peaks().rates(threads) for threads in (1, 2, 4))
    assert (one.macs_per_s["fp32"], some.macs_per_s["fp32"], whole.macs_per_s["fp32"]) == (10.0, 20.0, 40.0)
    assert (one.bytes_per_s, whole.bytes_per_s) == (5.0, 8.0)


def test_a_device_of_one_thread_has_the_rate_of_all() -> None:
    assert peaks(threads=1).rates(1).macs_per_s["fp32"] == 40.0


@settings(deadline=None, max_examples=30)
@given(one=st.tuples(RATES, RATES), other=st.tuples(RATES, RATES))
def test_the_higher_of_two_measurements_stays(one: tuple[float, float], other: tuple[float, float]) -> None:
    first, second = peaks(fp32=Peak(*one)), peaks(fp32=Peak(*other))
    assert second.better(first).macs_per_s == first.better(second).macs_per_s
    assert second.better(first).macs_per_s["fp32"].all == max(one[1], other[1])


def test_a_precision_that_one_measurement_lacks_is_kept() -> None:
    found = peaks().better(peaks(macs_per_s={"bf16": Peak(1.0, 2.0)}))
    assert set(found.macs_per_s) == {"fp32", "bf16"}


def test_peaks_of_another_device_do_not_mix() -> None:
    mine = peaks()
    assert mine.better(peaks(device="e" * 64, fp32=Peak(99.0, 99.0))) == mine
    assert mine.better(peaks(threads=2, fp32=Peak(99.0, 99.0))) == mine


def test_peaks_survive_json() -> None:
    assert Peaks.from_json(json.loads(json.dumps(peaks().to_json()))) == peaks()


def test_kept_peaks_are_found_by_their_device_alone(own: Path) -> None:
    keep_peaks(peaks())
    assert known_peaks("d" * 64) == peaks()
    assert known_peaks("e" * 64) is None


def test_a_file_that_was_spoilt_is_told_with_the_way_out(own: Path) -> None:
    keep_peaks(peaks())
    (own / "peaks" / f"{'d' * 64}.json").write_text("{}")
    with pytest.raises(UserError, match=r"holds no peaks .*; measure them anew: paretoformer devices probe"):
        known_peaks("d" * 64)


def test_a_folder_that_cannot_be_written_is_told(own: Path) -> None:
    (own / "peaks").write_text("in the way")
    with pytest.raises(UserError, match="The peaks cannot be kept in"):
        keep_peaks(peaks())


@pytest.mark.slow
def test_this_processor_has_peaks() -> None:
    device = probe("cpu")
    found = take_peaks(device)
    assert found.device == device.digest
    assert found.macs_per_s["fp32"].one > 1e8
    assert found.bytes_per_s.one > 1e8


@pytest.mark.slow
def test_a_process_that_fails_is_told() -> None:
    with pytest.raises(MeasuringFailed, match="measuring the peaks of abacus failed: "):
        take_peaks(Device(name="abacus", fingerprint={}))

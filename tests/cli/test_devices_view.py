"""Devices as lines."""

import pytest

from paretoformer.cli.views.devices import datasheet_line, peak_lines, rate
from paretoformer.hardware_models.datasheets.catalogue import datasheet
from paretoformer.hardware_models.peaks import Peak, Peaks


def lines(threads: int, foreign: float = 0.0) -> list[str]:
    macs = {"bf16": Peak(4e11, 6e11), "fp32": Peak(1e11, 2e11)}
    return list(
        peak_lines(
            Peaks(
                device="d",
                threads=threads,
                macs_per_s=macs,
                bytes_per_s=Peak(1e10, 3e10),
                conditions={"foreign_cores": foreign},
            )
        )
    )


def test_rates_are_told_for_one_thread_and_all_of_them() -> None:
    assert lines(4) == [
        "  peak fp32: 100 GMAC/s with 1 thread, 200 GMAC/s with 4",
        "  peak bf16: 400 GMAC/s with 1 thread, 600 GMAC/s with 4",
        "  peak bandwidth: 10 GB/s with 1 thread, 30 GB/s with 4",
    ]


def test_a_device_of_one_thread_has_one_rate() -> None:
    assert lines(1)[0] == "  peak fp32: 200 GMAC/s"


def test_peaks_of_a_busy_machine_are_told_to_be_such() -> None:
    assert "while others used 1.5 cores" in lines(4, foreign=1.5)[-1]


def test_a_datasheet_takes_a_line() -> None:
    sheet = datasheet("raspberry-pi-4")
    assert sheet is not None
    assert datasheet_line(sheet) == "raspberry-pi-4  Raspberry Pi 4 Model B, 4 GB: fp32 24 GMAC/s, 12.8 GB/s"


@pytest.mark.parametrize(("value", "told"), [(3.35e12, "3.35 TB/s"), (12.8e9, "12.8 GB/s"), (5e3, "5e+03 B/s")])
def test_a_rate_is_told_in_the_largest_prefix_that_fits(value: float, told: str) -> None:
    assert rate(value, "B/s") == told

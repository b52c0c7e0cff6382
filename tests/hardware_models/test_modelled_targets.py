"""Targets of datasheets and of this machine's peaks: filled, refused, and known by an identity of their own."""

from pathlib import Path

import pytest

from paretoformer.hardware_models.datasheets.catalogue import VARIABLE, shipped_names
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.meters.registry import meter_for
from paretoformer.hardware_models.modelled_targets import device_of, is_modelled
from paretoformer.hardware_models.peaks import Peak, Peaks, keep_peaks
from paretoformer.hardware_models.targets import fill
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.measurement import Provenance
from paretoformer.records.signature import Signature
from paretoformer.records.target import parse_target


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Peaks:
    """This processor's peaks, as if they had been measured."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    known = Peaks(
        device=probe("cpu").digest, threads=2, macs_per_s={"fp32": Peak(1e9, 2e9)}, bytes_per_s=Peak(1e9, 1e9)
    )
    keep_peaks(known)
    return known


@pytest.mark.parametrize("name", shipped_names())
def test_every_datasheet_is_a_target_with_all_its_cores(name: str, text: Signature) -> None:
    filled = fill(parse_target(name), text)
    assert (filled.device, filled.runtime, filled.precision) == (name, "roofline", "fp32")
    assert fill(filled, text) == filled
    for quantity in ("latency", "memory", "energy"):
        assert meter_for(quantity, filled).provenance is Provenance.MODELLED


def test_a_bare_datasheet_is_filled(text: Signature) -> None:
    assert str(fill(parse_target("raspberry-pi-4"), text)) == "raspberry-pi-4:roofline:fp32:4:prefill/1/24"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("raspberry-pi-4:eager", "'eager' is not a runtime of this device, .* it has roofline."),
        ("raspberry-pi-4::bf16", "'bf16' has no rate there; precisions that have: fp32."),
        ("raspberry-pi-4:::5", "5 threads are more than the 4 of this device."),
        ("h100:::2", "2 threads are more than the 1 of this device."),
        ("raspberry-pi-4::::prefill/1/25", "needs 25 tokens, .* use at most 24"),
        ("abacus:roofline", "'abacus' is not a device of this machine; it has cpu.*, and there are datasheets of a100, "),
    ],
)  # fmt: skip
def test_what_a_datasheet_does_not_have_is_refused(target: str, sentence: str, text: Signature) -> None:
    with pytest.raises(UserError, match=sentence):
        fill(parse_target(target), text)


def test_this_machine_is_modelled_once_its_peaks_are_known(text: Signature, measured: Peaks) -> None:
    filled = fill(parse_target("cpu:roofline"), text)
    assert str(filled) == "cpu:roofline:fp32:1:prefill/1/24"
    assert meter_for("latency", filled).provenance is Provenance.MODELLED


def test_without_peaks_this_machine_is_not_modelled(text: Signature) -> None:
    with pytest.raises(UserError, match="its peaks are not known; measure them: paretoformer devices probe cpu"):
        fill(parse_target("cpu:roofline"), text)


def test_a_device_of_this_machine_is_measured_unless_the_runtime_says_otherwise() -> None:
    assert [is_modelled(parse_target(text)) for text in ("cpu", "cpu:eager", "cpu:roofline", "a100")] == [
        False,
        False,
        True,
        True,
    ]


def test_modelled_costs_belong_to_the_rates_that_they_came_from(measured: Peaks) -> None:
    run, modelled = (device_of(parse_target(text)) for text in ("cpu", "cpu:roofline"))
    assert run == probe("cpu")
    assert modelled.digest != run.digest
    keep_peaks(Peaks(**{**vars(measured), "bytes_per_s": Peak(2e9, 2e9)}))
    assert device_of(parse_target("cpu:roofline")).digest != modelled.digest


def test_a_datasheets_identity_is_its_content() -> None:
    one, other = (device_of(parse_target(name)) for name in ("a100", "h100"))
    assert one.fingerprint["title"] == "NVIDIA A100 80 GB SXM"
    assert one.digest != other.digest


def test_peaks_that_are_lost_make_a_cost_unavailable(
    text: Signature, measured: Peaks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    filled = fill(parse_target("cpu:roofline"), text)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "elsewhere"))
    with pytest.raises(Unavailable, match="its peaks are not known"):
        meter_for("latency", filled)


def test_every_cost_of_a_decode_is_modelled(text: Signature) -> None:
    filled = fill(parse_target("raspberry-pi-4::::decode/1/8/4"), text)
    for quantity in (name for name, cost in COSTS.items() if cost.per_target):
        assert meter_for(quantity, filled).provenance is Provenance.MODELLED

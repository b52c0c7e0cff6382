"""Times and memory from rates that are easy to reckon with."""

from pathlib import Path

import pytest

from paretoformer.hardware_models.analytic.work import work_of
from paretoformer.hardware_models.datasheets.catalogue import VARIABLE
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.memory_model import MemoryModelMeter
from paretoformer.hardware_models.meters.roofline import RooflineMeter
from paretoformer.hardware_models.peaks import Peak, Peaks, keep_peaks
from paretoformer.hardware_models.targets import fill
from paretoformer.records.target import Target, parse_target
from paretoformer.search_spaces.activations import beginning_bytes, peak_activation_bytes
from paretoformer.search_spaces.counts import count

ENDLESS = 1e30


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))


def rated(macs_per_s: float, bytes_per_s: float) -> None:
    """Peaks of this processor."""
    rates = {name: Peak(macs_per_s, macs_per_s) for name in ("fp32", "bf16")}
    keep_peaks(
        Peaks(device=probe("cpu").digest, threads=1, macs_per_s=rates, bytes_per_s=Peak(bytes_per_s, bytes_per_s))
    )


def target(subject: Subject, text: str = "") -> Target:
    return fill(parse_target(f"cpu:roofline{text}"), subject.signature)


def readings(subject: Subject, text: str = "") -> dict[str, float]:
    return RooflineMeter().visit(subject, target(subject, text)).readings


def test_with_endless_bandwidth_time_is_that_of_the_arithmetic(text_subject: Subject) -> None:
    rated(1e6, ENDLESS)
    macs = count(text_subject.architecture, text_subject.signature).macs
    assert readings(text_subject)["latency"] == pytest.approx(macs / 1e6)


def test_with_endless_arithmetic_time_is_that_of_the_bytes(text_subject: Subject) -> None:
    rated(ENDLESS, 1e6)
    (parts,) = work_of(text_subject, target(text_subject)).calls
    assert readings(text_subject)["latency"] == pytest.approx(sum(part.traffic() for part in parts) / 1e6)


def test_parts_that_wait_for_bytes_and_parts_that_compute_are_added(text_subject: Subject) -> None:
    (parts,) = [work_of(text_subject, parse_target("cpu:roofline:fp32:1:prefill/1/24")).calls[0]]
    rated(1e6, 1e6)
    both = readings(text_subject)["latency"]
    assert both == pytest.approx(sum(max(part.macs, part.traffic()) for part in parts) / 1e6)
    assert both > max(sum(part.macs for part in parts), sum(part.traffic() for part in parts)) / 1e6


def test_a_batch_takes_its_arithmetic_so_often_and_its_weights_once(text_subject: Subject) -> None:
    rated(1e6, ENDLESS)
    one, four = (readings(text_subject, f":::prefill/{batch}/24")["latency"] for batch in (1, 4))
    assert four == pytest.approx(4 * one)
    rated(ENDLESS, 1e6)
    one, four = (readings(text_subject, f":::prefill/{batch}/24")["latency"] for batch in (1, 4))
    assert one < four < 4 * one


def test_a_decodes_time_is_that_of_one_token_and_the_first_takes_the_context(text_subject: Subject) -> None:
    rated(1e6, ENDLESS)
    found = readings(text_subject, ":::decode/1/8/4")
    architecture, signature = text_subject.architecture, text_subject.signature
    macs = count(architecture, signature, 8).macs - 7 * architecture.stacks[-1].width * signature.output.columns
    assert found["first_token"] == pytest.approx(macs / 1e6)
    assert found["latency"] < found["first_token"] / 3


def test_a_longer_context_takes_longer_where_keys_are_kept(text_subject: Subject) -> None:
    rated(ENDLESS, 1e6)
    near, far = (readings(text_subject, f":::decode/1/{context}/1")["latency"] for context in (4, 20))
    assert near < far


def test_narrow_numbers_move_faster(text_subject: Subject) -> None:
    rated(ENDLESS, 1e6)
    assert readings(text_subject, ":bf16")["latency"] < 0.6 * readings(text_subject)["latency"]


def test_the_rates_are_told_with_where_they_come_from(text_subject: Subject) -> None:
    rated(3e6, 2e6)
    conditions = RooflineMeter().visit(text_subject, target(text_subject)).conditions
    assert (conditions["macs_per_s"], conditions["bytes_per_s"]) == (3e6, 2e6)
    assert conditions["peaks"] == probe("cpu").digest[:12]
    board = RooflineMeter().visit(text_subject, fill(parse_target("raspberry-pi-4"), text_subject.signature))
    assert board.conditions["datasheet"] == "raspberry-pi-4"


def memory(subject: Subject, text: str) -> tuple[float, dict[str, int]]:
    filled = fill(parse_target(f"h100{text}"), subject.signature)
    visit = MemoryModelMeter().visit(subject, filled)
    return visit.readings["memory"], visit.conditions


def test_memory_is_weights_and_the_peak_of_activations(text_subject: Subject) -> None:
    value, parts = memory(text_subject, "::::prefill/2/24")
    counts = count(text_subject.architecture, text_subject.signature)
    peak = peak_activation_bytes(text_subject.architecture, text_subject.signature)
    assert parts == {"weight_bytes": 4 * counts.params, "state_bytes": 0, "activation_bytes": 2 * peak}
    assert value == sum(parts.values())


def test_a_decode_keeps_its_state_as_wide_as_the_precision(text_subject: Subject) -> None:
    state = count(text_subject.architecture, text_subject.signature, 12).state_bytes
    assert memory(text_subject, "::::decode/3/8/4")[1]["state_bytes"] == 3 * state
    assert memory(text_subject, "::bf16::decode/3/8/4")[1]["state_bytes"] == 3 * state // 2


def test_a_decode_takes_what_is_alive_where_it_begins(text_subject: Subject) -> None:
    alive = beginning_bytes(text_subject.architecture, text_subject.signature, 8, 12)
    parts = memory(text_subject, "::::decode/3/8/4")[1]
    assert parts["state_bytes"] + parts["activation_bytes"] == 3 * alive


def test_int8_keeps_activations_in_fp32(text_subject: Subject) -> None:
    full, narrow = (memory(text_subject, text)[1] for text in ("", "::int8"))
    assert full["weight_bytes"] == 4 * narrow["weight_bytes"]
    assert full["activation_bytes"] == narrow["activation_bytes"]


def test_each_quantity_says_what_it_was_made_of_itself(text_subject: Subject) -> None:
    rated(1e6, 1e6)
    where, meter = target(text_subject, ":::decode/1/8/4"), RooflineMeter()
    first, later = (
        next(each for each in meter.summarise([meter.visit(text_subject, where)]) if each.quantity == quantity)
        for quantity in ("first_token", "latency")
    )
    work = work_of(text_subject, where)
    assert work.begin is not None
    assert first.conditions["arithmetic_s"] == pytest.approx(sum(part.macs for part in work.begin) / 1e6)
    assert later.conditions["arithmetic_s"] < first.conditions["arithmetic_s"]
    assert later.conditions["macs_per_s"] == first.conditions["macs_per_s"] == 1e6

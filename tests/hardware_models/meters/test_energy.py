import warnings
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.energy_counter import EnergyCounterMeter, read_energy
from paretoformer.hardware_models.meters.energy_model import EnergyModelMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.errors import Unavailable
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import Phase
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.registry import config_from_json

CPU = parse_target("cpu:eager:fp32:1:prefill/1/8")
NO_COUNTER = SimpleNamespace(gpu_energy={}, cpu_energy=None, time=1.0)


class FakeMonitor:
    """A zeus monitor whose windows give what `window` says."""

    def __init__(self, window: Callable[[], SimpleNamespace]) -> None:
        self.window = window

    def begin_window(self, key: str) -> None:
        self.key = key

    def end_window(self, key: str) -> SimpleNamespace:
        assert key == self.key
        return self.window()


def phase(made: list[int], units: int = 1) -> Phase:
    return Phase(setup=lambda: None, call=lambda _: made.append(1), units=units)


@pytest.mark.parametrize("units", [1, 4])
def test_energy_is_the_windows_joules_for_each_unit(units: int) -> None:
    made: list[int] = []
    monitor = FakeMonitor(lambda: SimpleNamespace(gpu_energy={}, cpu_energy={0: 2.0, 1: 1.0}, time=0.5))
    meter = EnergyCounterMeter(window_s=0.001, idle_s=0.0)
    visit = meter.prepare_with(phase(made, units), CPU, monitor)()
    assert visit.readings["energy"] * visit.conditions["calls"] * units == pytest.approx(3.0)


def test_idle_power_is_kept_beside() -> None:
    monitor = FakeMonitor(lambda: SimpleNamespace(gpu_energy={0: 5.0}, cpu_energy=None, time=0.5))
    visit = EnergyCounterMeter(window_s=0.001, idle_s=0.0).prepare_with(phase([]), CPU, monitor)()
    assert visit.conditions["idle_w"] == pytest.approx(10.0)


def test_a_window_too_short_for_the_counter_is_no_warning_to_the_user() -> None:
    def window() -> SimpleNamespace:
        warnings.warn("The energy consumption of one or more GPUs was measured as zero. This means ...", stacklevel=1)
        return SimpleNamespace(gpu_energy={0: 0.0}, cpu_energy=None, time=0.001)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_energy(FakeMonitor(window), lambda: None) == (0.0, 0.001)


def test_what_zeus_gives_without_a_counter_is_unavailable_and_not_zero() -> None:
    with pytest.raises(Unavailable, match="no energy counter"):
        read_energy(FakeMonitor(lambda: NO_COUNTER), lambda: None)


def test_a_counter_that_stands_still_is_unavailable() -> None:
    monitor = FakeMonitor(lambda: SimpleNamespace(gpu_energy={}, cpu_energy={0: 0.0}, time=1.0))
    visit = EnergyCounterMeter(window_s=0.001, idle_s=0.0).prepare_with(phase([]), CPU, monitor)
    with pytest.raises(Unavailable, match="stood still"):
        visit()


def modelled(subject: Subject, target: str) -> Measurement:
    meter = EnergyModelMeter()
    (found,) = meter.summarise([meter.visit(subject, fill(parse_target(target), subject.signature))])
    return found


def test_modelled_energy_is_that_of_arithmetic_and_of_traffic(text_subject: Subject) -> None:
    found = modelled(text_subject, "cpu::::prefill/3/8")
    macs = 3 * count(text_subject.architecture, text_subject.signature, 8).macs
    assert found.provenance is Provenance.MODELLED
    assert found.conditions["arithmetic_j"] == pytest.approx(macs * 4.6e-12)
    assert found.conditions["traffic_j"] == pytest.approx(found.conditions["traffic_bytes"] * 162.5e-12)
    assert found.value == pytest.approx(found.conditions["arithmetic_j"] + found.conditions["traffic_j"])


def test_modelled_energy_of_images_counts_whole_images(image_subject: Subject) -> None:
    macs = 2 * count(image_subject.architecture, image_subject.signature).macs
    assert modelled(image_subject, "cpu::::prefill/2/1").conditions["additions"] == macs


def test_a_batch_moves_its_weights_once(text_subject: Subject) -> None:
    one, two, three = (modelled(text_subject, f"cpu::::prefill/{batch}/8").conditions for batch in (1, 2, 3))
    each = two["traffic_bytes"] - one["traffic_bytes"]
    assert three["traffic_bytes"] - two["traffic_bytes"] == each < one["traffic_bytes"]


def test_narrow_numbers_take_less_of_both(text_subject: Subject) -> None:
    full, half = (modelled(text_subject, f"cpu::{precision}").conditions for precision in ("fp32", "bf16"))
    assert half["arithmetic_j"] == pytest.approx(full["arithmetic_j"] * 1.5 / 4.6)
    assert half["traffic_j"] < full["traffic_j"]


def test_modelled_energy_of_a_decode_is_that_of_one_token(text_subject: Subject) -> None:
    near, far, both = (
        modelled(text_subject, f"cpu::::decode/1/{workload}").conditions for workload in ("8/1", "9/1", "8/2")
    )
    assert near["traffic_bytes"] < far["traffic_bytes"]
    for name in ("additions", "traffic_bytes"):
        assert both[name] == pytest.approx((near[name] + far[name]) / 2)


def test_what_a_choice_only_adds_is_not_multiplied(text_subject: Subject) -> None:
    (stack,) = text_subject.architecture.stacks
    body = config_from_json("mixer", {"name": "ecoformer", "anchors": 8, "top": 4})
    (mixer, feedforward), *_ = stack.blocks
    hashed = replace(
        stack, blocks=((replace(mixer, body=body), feedforward),), position=config_from_json("position", "none")
    )
    subject = replace(text_subject, architecture=replace(text_subject.architecture, stacks=(hashed,)))
    found = modelled(subject, "cpu").conditions
    site = subject.architecture.topology.sites(subject.architecture, subject.signature)["decoder"]
    assert found["additions"] - found["multiplications"] == body.additions(site, 24) > 0

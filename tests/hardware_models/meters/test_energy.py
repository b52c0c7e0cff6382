import warnings
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.energy_counter import EnergyCounterMeter, read_energy
from paretoformer.hardware_models.meters.energy_model import EnergyModelMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.errors import Unavailable
from paretoformer.records.measurement import Provenance
from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import Phase
from paretoformer.search_spaces.counts import count

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


def test_modelled_energy_is_the_macs_of_the_batch(text_subject: Subject) -> None:
    target = fill(parse_target("cpu::::prefill/3/8"), text_subject.signature)
    macs = 3 * count(text_subject.architecture, text_subject.signature, 8).macs
    meter = EnergyModelMeter()
    (found,) = meter.summarise([meter.visit(text_subject, target)])
    assert found.value == pytest.approx(macs * 4.6e-12)
    assert found.provenance is Provenance.MODELLED


def test_modelled_energy_of_images_counts_whole_images(image_subject: Subject) -> None:
    target = fill(parse_target("cpu::::prefill/2/1"), image_subject.signature)
    macs = 2 * count(image_subject.architecture, image_subject.signature).macs
    assert EnergyModelMeter().visit(image_subject, target).conditions["macs"] == macs


@pytest.mark.parametrize(
    ("target", "reason"),
    [("cpu:eager:bf16:1:prefill/1/8", "a figure for fp32 only"), ("cpu:eager:fp32:1:decode/1/8/4", "decodes")],
)
def test_what_the_model_has_no_figure_for_is_unavailable(target: str, reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        EnergyModelMeter().available(parse_target(target))

"""Meters measure under every runtime; slow, since models are converted and compiled."""

from types import SimpleNamespace

import pytest

from paretoformer.hardware_models.measuring import measure, take_visit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.energy_counter import EnergyCounterMeter
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.meters.memory import MemoryMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, parse_target
from paretoformer.runtimes.registry import runtime, runtime_names
from paretoformer.search_spaces.counts import count

pytestmark = pytest.mark.slow


@pytest.fixture(params=[name for name in runtime_names() if name != "eager"])
def name(request: pytest.FixtureRequest) -> str:
    if problem := runtime(request.param).problem("cpu"):
        pytest.skip(problem)
    return request.param


def target_of(name: str, signature: Signature, workload: str) -> Target:
    return fill(parse_target(f"cpu:{name}:::{workload}"), signature)


def test_a_decode_has_both_its_times_and_tells_of_the_runtime(name: str, text_subject: Subject) -> None:
    target = target_of(name, text_subject.signature, "decode/1/8/4")
    meter = LatencyMeter()
    visits = [take_visit(meter, text_subject, target) for _ in range(2)]
    found = {each.quantity: each for each in meter.summarise(visits, meter.calibrate(visits))}
    assert found.keys() == {"latency", "first_token"}
    assert all(each.value > 0 and each.conditions["runtime"] for each in found.values())


def test_the_peak_holds_the_weights_and_not_the_exporter(name: str, large_text_subject: Subject) -> None:
    target = target_of(name, large_text_subject.signature, "prefill/1/24")
    weights = 4 * count(large_text_subject.architecture, large_text_subject.signature).params
    (found,) = measure(MemoryMeter(), large_text_subject, target)
    assert weights <= found.value < 6 * weights


def test_a_counter_is_read_while_it_runs(name: str, text_subject: Subject) -> None:
    target = target_of(name, text_subject.signature, "decode/1/8/4")
    phase = runtime(name).prepare(text_subject.architecture, text_subject.signature, target, seed=0).phases["latency"]
    ended = SimpleNamespace(gpu_energy=None, cpu_energy={0: 2.0}, time=1.0)
    monitor = SimpleNamespace(begin_window=lambda window: None, end_window=lambda window: ended)
    visit = EnergyCounterMeter(window_s=0.01, idle_s=0.0).prepare_with(phase, target, monitor)()
    assert visit.readings["energy"] == pytest.approx(2.0 / (4 * visit.conditions["calls"]))


def test_int8_takes_less_memory_under_onnx(large_text_subject: Subject) -> None:
    if problem := runtime("onnx").problem("cpu"):
        pytest.skip(problem)
    full, small = (
        take_visit(MemoryMeter(), large_text_subject, fill(parse_target(target), large_text_subject.signature))
        for target in ("cpu:onnx", "cpu:onnx:int8")
    )
    assert small.readings["memory"] < 0.6 * full.readings["memory"]

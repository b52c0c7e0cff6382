"""A measurement tells which paths of our kernels the measured model took, and not those of the reference beside it."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from paretoformer.hardware_models import children
from paretoformer.hardware_models.alternation import Pace
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.measuring import take_visit
from paretoformer.hardware_models.meters import energy_counter
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.energy_counter import EnergyCounterMeter
from paretoformer.hardware_models.meters.kernel_paths import paths_together
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.meters.memory import MemoryMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.kernels import dispatch
from paretoformer.records.measurement import Measurement
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, parse_target
from paretoformer.search_spaces.registry import config_from_json


@pytest.fixture
def target(text: Signature) -> Target:
    return fill(parse_target("cpu:eager:::prefill/1/8"), text)


@pytest.fixture
def linear_subject(text_subject: Subject) -> Subject:
    """Without the softmax attention that the reference has."""
    (stack,) = text_subject.architecture.stacks
    (mixer, *others), *_ = stack.blocks
    linear = replace(mixer, body=config_from_json("mixer", "linear"), norm=config_from_json("norm", "rms"))
    changed = replace(stack, blocks=((linear, *others),), position=config_from_json("position", "none"))
    return replace(text_subject, architecture=replace(text_subject.architecture, stacks=(changed,)))


@pytest.fixture(params=["latency", "energy", "memory"])
def meter(request: pytest.FixtureRequest, quick: Pace, monkeypatch: pytest.MonkeyPatch) -> Meter:
    if request.param == "energy":
        ended = SimpleNamespace(gpu_energy=None, cpu_energy={0: 2.0}, time=1.0)
        monitor = SimpleNamespace(begin_window=lambda _: None, end_window=lambda _: ended)
        monkeypatch.setattr(energy_counter, "open_monitor", lambda device: monitor)
        return EnergyCounterMeter(window_s=0.001, idle_s=0.0)
    return LatencyMeter(pace=quick) if request.param == "latency" else MemoryMeter()


def measured(meter: Meter, subject: Subject, target: Target) -> Measurement:
    visits = [meter.visit(subject, target) for _ in range(2)]
    return meter.summarise(visits, meter.calibrate(visits) if isinstance(meter, LatencyMeter) else None)[0]


def test_a_measurement_tells_the_models_paths_and_not_the_references(meter, linear_subject, target) -> None:
    kernels = measured(meter, linear_subject, target).conditions["kernels"]
    assert kernels.keys() == {"linear_attention", "rms_norm", *({"layer_norm"} & kernels.keys())}
    assert set(sum(kernels.values(), [])) == {"torch"}


def test_forced_definitions_are_told(meter, linear_subject, target, monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "FORCED", True)
    assert measured(meter, linear_subject, target).conditions["kernels"]["linear_attention"] == ["reference"]


def test_the_environment_reaches_a_fresh_process(linear_subject, target, monkeypatch) -> None:
    monkeypatch.setattr(children, "FORKED", ())
    monkeypatch.setenv(dispatch.VARIABLE, "reference")
    kernels = take_visit(MemoryMeter(), linear_subject, target).conditions["kernels"]
    assert set(sum(kernels.values(), [])) == {"reference"}


def test_measurements_of_the_definitions_are_those_of_another_device(monkeypatch) -> None:
    usual = probe("cpu")
    monkeypatch.setattr(dispatch, "FORCED", True)
    assert probe("cpu").digest != usual.digest
    assert probe("cpu").fingerprint == {**usual.fingerprint, "kernels": "reference"}


def test_a_runtime_with_operations_of_its_own_tells_nothing(monkeypatch, linear_subject, target, quick) -> None:
    monkeypatch.setattr("paretoformer.runtimes.eager.Eager.runs_kernels", False)
    assert "kernels" not in measured(LatencyMeter(pace=quick), linear_subject, target).conditions


@pytest.mark.slow
def test_a_compiled_model_tells_what_was_traced(linear_subject, text) -> None:
    compiled = fill(parse_target("cpu:compile:::decode/1/8/2"), text)
    kernels = take_visit(LatencyMeter(), linear_subject, compiled).conditions["kernels"]
    assert kernels["linear_attention"] == ["torch"] and "softmax_attention" not in kernels


def test_visits_are_united_and_old_ones_tell_nothing() -> None:
    def visit(**conditions) -> Visit:
        return Visit(method="m", method_version=1, target="cuda", readings={}, conditions=conditions)

    first, second = visit(kernels={"a": ["torch"]}), visit(kernels={"a": ["triton"], "b": ["torch"]})
    assert paths_together([first, visit(), second]) == {"kernels": {"a": ["torch", "triton"], "b": ["torch"]}}
    assert paths_together([visit()]) == {}

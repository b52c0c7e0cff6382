"""Every runtime keeps the contract, and computes what eager computes."""

import pytest
import torch

from paretoformer.records.errors import UserError
from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import Phase
from paretoformer.runtimes.registry import register_runtime, runtime, runtime_names

PREFILLS = ("encoder:prefill/3/1", "decoder:prefill/2/7", "translator:prefill/2/9", "series:prefill/2/24")
DECODES = ("decoder:decode/2/4/5", "linear:decode/2/4/5", "translator:decode/2/4/5")
FAST = {("onnx", PREFILLS[0])}
"""What the fast suite has time for beside eager, which it has for all."""


def every(*cases: str) -> pytest.MarkDecorator:
    """Each runtime on each case, `model:workload`."""
    pairs = [(name, case) for name in runtime_names() for case in cases]
    marked = [
        pytest.param(name, case, marks=() if name == "eager" or (name, case) in FAST else pytest.mark.slow)
        for name, case in pairs
    ]
    return pytest.mark.parametrize(("name", "case"), marked)


def found(prepared, places, name: str, case: str, precision: str = "fp32"):
    model, workload = case.split(":")
    return prepared(name, getattr(places, model), workload, precision)


def outputs(result) -> torch.Tensor:
    """A first token comes with the state."""
    return result[0] if isinstance(result, tuple | list) else result


@every(*PREFILLS, *DECODES)
def test_its_outputs_are_those_of_eager(prepared, places, name: str, case: str) -> None:
    phases, eager = (found(prepared, places, each, case).phases for each in (name, "eager"))
    assert phases.keys() == eager.keys()
    for quantity, phase in phases.items():
        wanted = outputs(eager[quantity].calls(1)[0]())
        torch.testing.assert_close(outputs(phase.calls(1)[0]()), wanted, rtol=1e-4, atol=1e-5)


@every(*DECODES)
def test_a_decode_ends_where_a_prefill_of_all_its_tokens_ends(prepared, places, name: str, case: str) -> None:
    prefill = found(prepared, places, "eager", f"{case.split(':')[0]}:prefill/2/9").phases["latency"]
    last = found(prepared, places, name, case).phases["latency"].calls(1)[0]()[:, -1]
    torch.testing.assert_close(last, prefill.calls(1)[0]()[:, -1], rtol=1e-4, atol=1e-5)


@every(PREFILLS[0], DECODES[0])
def test_every_call_gives_the_same(prepared, places, name: str, case: str) -> None:
    first, *others = (call() for call in found(prepared, places, name, case).phases["latency"].calls(3))
    for other in others:
        torch.testing.assert_close(first, other)


@every(DECODES[0])
def test_a_phase_that_consumes_nothing_leaves_what_it_is_given(prepared, places, name: str, case: str) -> None:
    phase = found(prepared, places, name, case).phases["latency"]
    if phase.consumes:
        pytest.skip("each call needs its own")
    given = phase.setup()
    torch.testing.assert_close(phase.call(given), phase.call(given))


@every(DECODES[0])
def test_a_decode_counts_its_new_tokens_as_units(prepared, places, name: str, case: str) -> None:
    phases = found(prepared, places, name, case).phases
    assert {quantity: phase.units for quantity, phase in phases.items()} == {"first_token": 1, "latency": 5}


@every(PREFILLS[0])
def test_preparing_sets_the_targets_threads(places, name: str, case: str) -> None:
    if problem := runtime(name).problem("cpu"):
        pytest.skip(problem)
    torch.set_num_threads(2)
    runtime(name).prepare(*places.encoder, parse_target(f"cpu:{name}:fp32:1:{case.split(':')[1]}"), seed=0)
    assert torch.get_num_threads() == 1


@every(PREFILLS[0])
def test_preparing_leaves_the_global_generator_alone(places, name: str, case: str) -> None:
    if problem := runtime(name).problem("cpu"):
        pytest.skip(problem)
    before = torch.get_rng_state()
    runtime(name).prepare(*places.encoder, parse_target(f"cpu:{name}:fp32:1:{case.split(':')[1]}"), seed=0)
    assert torch.equal(before, torch.get_rng_state())


@every(PREFILLS[0], DECODES[0])
def test_what_it_tells_is_plain_json(prepared, places, name: str, case: str) -> None:
    import json

    facts = found(prepared, places, name, case).facts
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


@pytest.mark.parametrize("name", runtime_names())
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "int8"])
def test_a_precision_that_it_lacks_comes_with_one_that_it_has(name: str, precision: str) -> None:
    problem = runtime(name).precision_problem("cpu", precision)
    assert problem is None or "fp32" in problem


@pytest.mark.parametrize("name", runtime_names())
def test_fp32_is_there_and_fp16_is_not_on_a_cpu(name: str) -> None:
    assert runtime(name).precision_problem("cpu", "fp32") is None
    assert runtime(name).precision_problem("cpu", "fp16") is not None


@pytest.mark.parametrize("name", ["eager", pytest.param("onnx", marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", [PREFILLS[0], DECODES[0]])
def test_int8_is_near_fp32(prepared, places, name: str, case: str) -> None:
    phases, exact = (found(prepared, places, name, case, precision).phases for precision in ("int8", "fp32"))
    for quantity, phase in phases.items():
        wanted = outputs(exact[quantity].calls(1)[0]())
        apart = (outputs(phase.calls(1)[0]()) - wanted).abs().max() / wanted.abs().max()
        assert 0 < apart < 0.1


def test_calls_of_a_consuming_phase_share_nothing() -> None:
    def call(given: list[int]) -> list[int]:
        given.append(1)
        return given

    phase = Phase(setup=list, call=call, consumes=True)
    assert [ready() for ready in phase.calls(3)] == [[1]] * 3


def test_an_unknown_runtime_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'abacus' is not a runtime; runtimes: .*eager"):
        runtime("abacus")


def test_a_runtimes_name_is_its_alone() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register_runtime("eager")(type(runtime("eager")))

"""torch.compile's own promises."""

import pytest

from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces.contract import Model


def test_without_a_compiler_it_says_which_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "there is no no-such-compiler" in (runtime("compile").problem("cpu") or "")


def test_a_gpu_needs_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paretoformer.runtimes.compile.find_spec", lambda name: None)
    assert "triton" in (runtime("compile").problem("cuda") or "")


def test_int8_is_left_to_runtimes_that_quantise() -> None:
    assert "eager or onnx" in (runtime("compile").precision_problem("cpu", "int8") or "")


@pytest.mark.slow
def test_what_cannot_be_compiled_is_refused_in_a_sentence(places, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Model, *given: object, **named: object) -> None:
        raise RuntimeError("beads cannot be compiled")

    monkeypatch.setattr("paretoformer.search_spaces.single_stack.SingleStack.forward", broken)
    with pytest.raises(NotConvertible, match="this model cannot be compiled: .*beads"):
        runtime("compile").prepare(*places.encoder, parse_target("cpu:compile:fp32:1:prefill/1/1"), seed=0)


@pytest.mark.slow
def test_a_decode_is_compiled_once_for_all_its_positions(prepared, places) -> None:
    from torch._dynamo.utils import counters

    phase = prepared("compile", places.decoder, "decode/2/4/5").phases["latency"]
    before = counters["stats"]["unique_graphs"]
    for call in phase.calls(3):
        call()
    assert counters["stats"]["unique_graphs"] == before


@pytest.mark.slow
def test_it_says_how_long_it_compiled_and_whether_it_left_the_graph(prepared, places) -> None:
    facts = prepared("compile", places.decoder, "decode/2/4/5").facts
    assert facts["compiling_s"] > 0 and facts["graphs"] >= 2 and facts["graph_breaks"] == 0

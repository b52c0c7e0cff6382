"""Runtime onnx's own promises, and openvino's where they are others."""

import pytest

from paretoformer.records.target import parse_target
from paretoformer.runtimes.conversion.checks import session
from paretoformer.runtimes.conversion.files import converted
from paretoformer.runtimes.registry import runtime

INSTALLED = runtime("onnx").problem("cpu") is None


@pytest.mark.parametrize(("name", "extra"), [("onnx", "export"), ("openvino", "openvino")])
def test_without_its_libraries_it_names_the_extra(name: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paretoformer.runtimes.onnx.find_spec", lambda name: None)
    assert f"pip install 'paretoformer[{extra}]'" in (runtime(name).problem("cpu") or "")


@pytest.mark.skipif(not INSTALLED, reason="the extra export is not installed")
def test_it_runs_on_cpus_only() -> None:
    assert "on cpu here, not on cuda" in (runtime("onnx").problem("cuda") or "")


@pytest.mark.parametrize(
    ("name", "precision", "word"), [("onnx", "bf16", "int8"), ("openvino", "int8", "runtime onnx")]
)
def test_a_precision_is_refused_with_where_it_can_be_had(name: str, precision: str, word: str) -> None:
    assert word in (runtime(name).precision_problem("cpu", precision) or "")


@pytest.mark.skipif(not INSTALLED, reason="the extra export is not installed")
def test_it_tells_the_library_and_what_conversion_took(prepared, places) -> None:
    facts = prepared("onnx", places.encoder, "prefill/3/1").facts
    assert facts["opset"] == 20 and facts["shapes"] == "fixed" and facts["converting_s"] > 0
    assert facts["onnxruntime"]


@pytest.mark.skipif(not INSTALLED, reason="the extra export is not installed")
def test_a_session_has_the_threads_that_it_is_given(places) -> None:
    target = parse_target("cpu:onnx:fp32:1:prefill/3/1")
    path = converted(*places.encoder, target, seed=0) / "forward.onnx"
    assert [session(path, threads).get_session_options().intra_op_num_threads for threads in (1, 2)] == [1, 2]


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="the extra export is not installed")
def test_int8_tells_how_many_products_are_quantised(prepared, places) -> None:
    first, step = prepared("onnx", places.decoder, "decode/2/4/5", "int8").facts["quantised_products"]
    assert first == step >= 4

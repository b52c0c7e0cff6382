"""Eager's own promises."""

import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.eager import DTYPES
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces.build import build


def test_it_computes_what_the_model_computes(places) -> None:
    target = parse_target("cpu:eager:fp32:1:prefill/2/1")
    phase = runtime("eager").prepare(*places.encoder, target, seed=5).phases["latency"]
    model = build(*places.encoder, seed=5).eval()
    torch.testing.assert_close(phase.calls(1)[0](), model(phase.setup()).detach())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_output_has_the_targets_precision(prepared, places, precision: str) -> None:
    phases = prepared("eager", places.encoder, "prefill/1/1", precision).phases
    assert phases["latency"].calls(1)[0]().dtype is DTYPES[precision]


def test_a_source_is_read_at_full_length(places) -> None:
    seen: list[torch.Size] = []
    hook = register_module_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0].shape) if isinstance(module, torch.nn.Embedding) else None
    )
    target = parse_target("cpu:eager:fp32:1:decode/2/4/5")
    with hook:
        runtime("eager").prepare(*places.translator, target, seed=0).phases["latency"].calls(1)
    assert torch.Size((2, 6)) in seen


@pytest.mark.parametrize(
    ("device", "precision", "word"),
    [("cpu", "fp16", "fp32 or bf16"), ("mps", "int8", "fp16"), ("cuda", "int8", "CPUs")],
)
def test_it_says_why_a_precision_cannot_be_used(device: str, precision: str, word: str) -> None:
    assert word in (runtime("eager").precision_problem(device, precision) or "")


def test_int8_says_so_where_a_mixer_computes_with_a_linear_layers_weights(places) -> None:
    model = places.model_with("mixer", "token-mlp")
    with pytest.raises(NotConvertible, match="weights of a linear layer"):
        runtime("eager").prepare(*model, parse_target("cpu:eager:int8:1:prefill/1/1"), seed=0)


def test_a_torch_without_quantisation_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.ao.quantization, "quantize_dynamic")
    assert "runtime onnx" in (runtime("eager").precision_problem("cpu", "int8") or "")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("workload", ["prefill/2/7", "decode/2/4/5"])
def test_it_runs_on_cuda(places, workload: str) -> None:
    target = parse_target(f"cuda:eager:fp32:1:{workload}")
    phases = runtime("eager").prepare(*places.decoder, target, seed=0).phases
    assert phases["latency"].calls(1)[0]().device.type == "cuda"

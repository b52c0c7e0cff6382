"""Models become graphs that compute the same, or are refused in a sentence that names what stands in the way."""

from pathlib import Path

import pytest
import torch

from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.conversion import decode_to_onnx, to_onnx
from paretoformer.runtimes.conversion.checks import TOLERANCE, agree, outputs, session
from paretoformer.runtimes.conversion.graphs import Whole
from paretoformer.runtimes.inputs import random_inputs
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.build import build

pytestmark = pytest.mark.skipif(runtime("onnx").problem("cpu") is not None, reason="the extra export is not installed")

NO_DECODE = {"mixer": {"sparse"}}
"""Choices whose decoding no graph of one token holds: what a step does depends on its position."""


def model_of(model, workload: str):
    architecture, signature = model
    built = build(architecture, signature, seed=0).eval().requires_grad_(False)
    target = parse_target(f"cpu:onnx:fp32:1:{workload}").workload
    assert target
    return built, random_inputs(signature, target, seed=0), target


def test_outputs_that_differ_are_not_taken() -> None:
    wanted = torch.tensor([1.0, -2.0])
    agree(wanted + TOLERANCE, wanted, "the output")
    with pytest.raises(NotConvertible, match="away from eager's"):
        agree(wanted + 1e-2, wanted, "the output")
    with pytest.raises(NotConvertible, match="has shape"):
        agree(wanted[:1], wanted, "the output")


def test_outputs_that_are_not_numbers_are_not_taken() -> None:
    with pytest.raises(NotConvertible, match="away from eager's"):
        agree(torch.tensor([torch.nan]), torch.tensor([1.0]), "the output")


@pytest.mark.slow
def test_a_graph_with_open_axes_takes_other_batches_and_lengths(places, tmp_path: Path) -> None:
    model, inputs, _ = model_of(places.decoder, "prefill/2/20")
    found = to_onnx(model, inputs, tmp_path / "model.onnx")
    assert found.open_axes == ("batch", "length")
    other = random_inputs(places.decoder[1], parse_target("cpu:onnx:fp32:1:prefill/5/11").workload, seed=1).given
    torch.testing.assert_close(outputs(session(found.path), other)[0], Whole(model)(other), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_an_axis_stays_fixed_where_other_sizes_would_come_out_wrong(places, tmp_path: Path) -> None:
    model, inputs, _ = model_of(places.model_with("mixer", "bigbird"), "prefill/2/24")
    assert to_onnx(model, inputs, tmp_path / "model.onnx").open_axes == ("batch",)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"), [(choice.kind, choice.name) for kind in registry.FOLDERS for choice in registry.choices(kind)]
)
def test_every_choice_is_converted(places, tmp_path: Path, kind: str, name: str) -> None:
    model = places.model_with(kind, name)
    assert model is not None, "a small model has it"
    workload = "prefill/2/1" if hasattr(model[1].input, "height") else "prefill/2/16"
    built, inputs, _ = model_of(model, workload)
    assert to_onnx(built, inputs, tmp_path / "model.onnx", fixed=True).open_axes == ()


def decoding() -> list:
    return [
        (choice.kind, choice.name)
        for kind in ("mixer", "position", "norm", "feedforward", "topology")
        for choice in registry.choices(kind)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), decoding())
def test_every_choice_that_decodes_is_converted_or_refused_by_name(
    places, tmp_path: Path, kind: str, name: str
) -> None:
    model = places.model_with(kind, name, decodes=True)
    if model is None:
        pytest.skip("it does not decode")
    built, inputs, workload = model_of(model, "decode/2/6/5")
    if name in NO_DECODE.get(kind, ()):
        with pytest.raises(NotConvertible, match=f"{kind} {name} cannot be converted"):
            decode_to_onnx(built, inputs, workload.length, tmp_path)
    else:
        assert decode_to_onnx(built, inputs, workload.length, tmp_path).step.exists()

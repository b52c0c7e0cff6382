"""A latency as so much a second."""

from dataclasses import replace

import pytest

from paretoformer.hardware_models.throughput import Throughput, throughput
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.signature import NumberOutput, SeriesInput, Signature

LATENCY = Measurement(
    quantity="latency",
    unit="s",
    value=0.5,
    low=0.5,
    high=0.5,
    samples=(0.5,),
    provenance=Provenance.MEASURED,
    method="any",
    method_version=1,
    target="cpu:eager:fp32:1:prefill/4/1",
)


def test_a_batch_of_images_is_so_many_images(images: Signature) -> None:
    assert throughput(LATENCY, images) == Throughput(value=8, of="images")


@pytest.mark.parametrize(("workload", "tokens"), [("prefill/2/24", 96), ("decode/2/16/4", 4)])
def test_a_prefill_reads_all_tokens_and_a_decode_makes_one_a_sequence(
    text: Signature, workload: str, tokens: int
) -> None:
    latency = replace(LATENCY, target=f"cpu:onnx:fp32:1:{workload}")
    assert throughput(latency, text) == Throughput(value=tokens, of="tokens")


def test_a_series_has_steps() -> None:
    signature = Signature(input=SeriesInput(channels=1, length=10), output=NumberOutput(numbers=1))
    latency = replace(LATENCY, target="cpu:eager:fp32:1:prefill/1/10")
    assert throughput(latency, signature) == Throughput(value=20, of="steps")


def test_other_costs_have_none(text: Signature) -> None:
    assert throughput(replace(LATENCY, quantity="memory", unit="B"), text) is None

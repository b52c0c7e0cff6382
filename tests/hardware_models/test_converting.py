"""What is converted ahead of a visit, and how a refusal reaches the caller."""

import pytest

from paretoformer.hardware_models.converting import ConversionFailed, convert, converts
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.registry import runtime

TARGET = parse_target("cpu:onnx:fp32:1:prefill/1/1")


def test_eager_has_nothing_to_convert_and_onnx_has() -> None:
    assert not converts(parse_target("cpu:eager:fp32:1:prefill/1/1"))
    assert converts(TARGET)


def test_the_subject_and_its_reference_are_converted(image_subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(runtime("onnx"), "convert", lambda *given, seed: asked.append((given[0].stacks[0].width, seed)))
    convert(image_subject, TARGET)
    assert asked == [(16, 0), (64, 1)]


def test_what_cannot_be_converted_is_told_with_the_target(
    image_subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, seed: int) -> None:
        raise NotConvertible("mixer abacus cannot be converted to ONNX: it has beads")

    monkeypatch.setattr(runtime("onnx"), "convert", refuse)
    with pytest.raises(ConversionFailed, match="cpu:onnx:.*: mixer abacus cannot be converted to ONNX: it has beads."):
        convert(image_subject, TARGET)

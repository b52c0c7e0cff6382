"""What happens around a visit: conversion among those that train, before the device is taken alone."""

from pathlib import Path

import pytest

from paretoformer.hardware_models.converting import ConversionFailed
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.records.target import parse_target
from paretoformer.studies import visits
from paretoformer.studies.lease import Lease

TARGET = parse_target("cpu:onnx:fp32:1:prefill/1/1")


def test_a_refused_conversion_ends_the_visit_and_lets_go_of_the_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []
    lease, other = Lease("cpu", tmp_path), Lease("cpu", tmp_path, limit_s=0.0)

    def refuse(subject: Subject, target: object) -> None:
        with other.alone():
            inside.append(other.broken)
        raise ConversionFailed("no.")

    monkeypatch.setattr(visits, "convert", refuse)
    subject: Subject = None  # type: ignore[assignment]  # nothing looks at it before it is refused
    with pytest.raises(ConversionFailed, match="no"):
        visits.visits_under(lease)(LatencyMeter(), subject, TARGET)
    with other.alone():
        inside.append(other.broken)
    assert inside == [True, False], "held while converting, free afterwards"

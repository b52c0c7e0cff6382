import pytest

from paretoformer.hardware_models.measuring import take_visit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.memory import MemoryMeter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.errors import Unavailable
from paretoformer.records.target import parse_target
from paretoformer.search_spaces.counts import count

METER = MemoryMeter()


def test_the_peak_holds_the_weights_and_little_beside_at_a_short_length(large_text_subject: Subject) -> None:
    target = fill(parse_target("cpu"), large_text_subject.signature)
    weights = 4 * count(large_text_subject.architecture, large_text_subject.signature).params
    peak = take_visit(METER, large_text_subject, target).readings["memory"]
    assert weights <= peak < 1.3 * weights


def test_the_peak_grows_with_the_batch(text_subject: Subject) -> None:
    one, many = (fill(parse_target(f"cpu::::prefill/{batch}/24"), text_subject.signature) for batch in (1, 512))
    small, large = (take_visit(METER, text_subject, target).readings["memory"] for target in (one, many))
    logits = 4 * 512 * 24 * 32
    assert large - small > logits


def test_weights_in_half_precision_take_less(large_text_subject: Subject) -> None:
    full, half = (
        fill(parse_target(f"cpu::{precision}"), large_text_subject.signature) for precision in ("fp32", "bf16")
    )
    less, more = (take_visit(METER, large_text_subject, target).readings["memory"] for target in (half, full))
    assert less < 0.75 * more


def test_weights_that_int8_was_made_of_are_given_back_before_the_peak(large_text_subject: Subject) -> None:
    target = fill(parse_target("cpu::int8"), large_text_subject.signature)
    weights = 4 * count(large_text_subject.architecture, large_text_subject.signature).params
    assert take_visit(METER, large_text_subject, target).readings["memory"] < weights


def test_a_device_without_a_peak_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="mps reports no peak"):
        METER.available(parse_target("mps"))

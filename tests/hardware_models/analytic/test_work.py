"""Which passes a workload makes over a model."""

from dataclasses import replace

from paretoformer.hardware_models.analytic.work import work_of
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.targets import fill
from paretoformer.records.signature import NumberOutput, SeriesInput, Signature
from paretoformer.records.target import Target, Workload, parse_target
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.layer_counts import step_counts
from paretoformer.search_spaces.registry import config_from_json


def target(subject: Subject, workload: str) -> Target:
    return fill(parse_target(f"raspberry-pi-4::::{workload}"), subject.signature)


def macs(parts) -> int:
    return sum(part.macs for part in parts)


def test_a_prefill_is_one_pass_over_its_tokens(text_subject: Subject) -> None:
    work = work_of(text_subject, target(text_subject, "prefill/3/8"))
    (parts,) = work.calls
    assert macs(parts) == count(text_subject.architecture, text_subject.signature, 8).macs
    assert (work.batch, work.begin) == (3, None)


def test_a_prefill_keeps_no_state(text_subject: Subject) -> None:
    (parts,) = work_of(text_subject, target(text_subject, "prefill/1/8")).calls
    assert sum(part.state_read_bytes + part.state_written_bytes for part in parts) == 0


def test_a_decode_has_a_pass_for_each_new_token(text_subject: Subject) -> None:
    work = work_of(text_subject, target(text_subject, "decode/1/8/4"))
    architecture, signature = text_subject.architecture, text_subject.signature
    assert work.calls == tuple(step_counts(architecture, signature, context) for context in (8, 9, 10, 11))


def test_a_decode_begins_by_reading_its_context_and_answering_at_its_last_token(text_subject: Subject) -> None:
    work = work_of(text_subject, target(text_subject, "decode/1/8/4"))
    architecture, signature = text_subject.architecture, text_subject.signature
    assert work.begin is not None
    head = architecture.stacks[-1].width * signature.output.columns
    assert macs(work.begin) == count(architecture, signature, 8).macs - 7 * head
    (asked,) = (part for part in work.begin if part.part == "head")
    assert asked.activation_bytes == 4 * (architecture.stacks[-1].width + signature.output.columns)
    assert sum(part.state_written_bytes for part in work.begin) == count(architecture, signature, 8).state_bytes


def test_a_source_is_read_with_the_context_and_not_with_a_token(source_subject: Subject) -> None:
    work = work_of(source_subject, target(source_subject, "decode/1/8/4"))
    assert work.begin is not None
    assert "encoder" in {part.stack for part in work.begin}
    assert all("encoder" not in {part.stack for part in parts} for parts in work.calls)


def test_an_image_is_read_whole(image_subject: Subject) -> None:
    (parts,) = work_of(image_subject, target(image_subject, "prefill/2/1")).calls
    assert macs(parts) == count(image_subject.architecture, image_subject.signature).macs


def test_steps_of_a_series_are_as_many_tokens_as_the_stem_makes_of_them(image_subject: Subject) -> None:
    signature = Signature(input=SeriesInput(channels=2, length=24), output=NumberOutput(numbers=1))
    stem = config_from_json("stem", {"name": "frames", "size": 4})
    subject = Subject(architecture=replace(image_subject.architecture, stem=stem), signature=signature)
    filled = replace(target(subject, "prefill/1/24"), workload=Workload(kind="prefill", batch=1, length=12))
    (parts,) = work_of(subject, filled).calls
    assert macs(parts) == count(subject.architecture, signature, 3).macs

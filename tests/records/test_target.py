"""Targets as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.errors import UserError
from paretoformer.records.target import PRECISIONS, Target, Workload, parse_target

SIZES = st.integers(1, 10_000)
WORKLOADS = st.builds(Workload, kind=st.just("prefill"), batch=SIZES, length=SIZES) | st.builds(
    Workload, kind=st.just("decode"), batch=SIZES, length=SIZES, new=SIZES
)
TARGETS = st.builds(
    Target,
    device=st.sampled_from(["cpu", "cuda", "rtx-4090", "pixel_8", "cpu@pi4", "cuda@gpu-1.lab"]),
    runtime=st.none() | st.sampled_from(("eager", "compile", "onnx")),
    precision=st.none() | st.sampled_from(PRECISIONS),
    threads=st.none() | st.integers(1, 64),
    workload=st.none() | WORKLOADS,
)


@given(TARGETS)
def test_a_target_is_written_as_it_is_read(target) -> None:
    assert parse_target(str(target)) == target


@pytest.mark.parametrize("text", ["cpu", "cuda:eager:bf16", "cpu:onnx:::decode/1/128/32", "cpu::::prefill/8/64"])
def test_a_target_is_read_as_it_is_written(text) -> None:
    assert str(parse_target(text)) == text


def test_empty_fields_at_the_end_are_left_out() -> None:
    assert str(parse_target("cpu::::")) == "cpu"


@given(TARGETS, WORKLOADS)
def test_a_filled_target_has_every_field_and_keeps_those_it_had(target, workload) -> None:
    filled = target.filled(workload)
    for field in ("device", "runtime", "precision", "threads", "workload"):
        given_value, value = getattr(target, field), getattr(filled, field)
        assert value is not None and (given_value is None or value == given_value)


def test_a_bare_target_is_filled_with_eager_fp32_and_one_thread() -> None:
    workload = Workload(kind="prefill", batch=1, length=64)
    assert str(parse_target("cpu").filled(workload)) == "cpu:eager:fp32:1:prefill/1/64"


def test_an_unknown_precision_is_refused_with_the_precisions() -> None:
    with pytest.raises(UserError, match="'fp8' is not a precision; precisions: fp32, bf16, fp16, int8"):
        parse_target("cpu:eager:fp8")


@pytest.mark.parametrize("threads", ["0", "-1", "two", "1.5", "²"])
def test_threads_are_a_whole_number_from_one(threads) -> None:
    with pytest.raises(UserError, match=f"'{threads}' is not a number of threads"):
        parse_target(f"cpu:::{threads}")


@pytest.mark.parametrize(
    "workload", ["prefill/1", "prefill/1/2/3", "decode/1/2", "decode/0/1/1", "train/1/2", "prefill/a/2", "prefill/²/2"]
)
def test_an_unknown_workload_is_refused_with_the_workloads(workload) -> None:
    with pytest.raises(UserError, match="workloads: prefill/BATCH/SEQ, decode/BATCH/CONTEXT/NEW"):
        parse_target(f"cpu::::{workload}")


@pytest.mark.parametrize("text", ["", ":eager", "cpu:::::", "my cpu", "1cpu", "cpu/eager"])
def test_what_is_no_target_is_refused_with_its_form(text) -> None:
    with pytest.raises(UserError, match="is not a target; write device"):
        parse_target(text)


@given(TARGETS.filter(lambda target: target.host is None))
def test_a_target_of_another_host_is_the_same_there(target) -> None:
    distant = target.at("pi4")
    assert (distant.host, distant.there, target.there) == ("pi4", target, target)
    assert parse_target(str(distant)) == distant


@pytest.mark.parametrize("text", ["cpu@", "@pi4", "cpu@pi4@pi5", "cpu@-x"])
def test_a_host_without_a_name_is_no_target(text) -> None:
    with pytest.raises(UserError, match="is not a target"):
        parse_target(text)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.devices import usable_cores
from paretoformer.hardware_models.targets import fill
from paretoformer.records.errors import UserError
from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.records.target import parse_target


def test_a_bare_device_is_filled_for_text(text: Signature) -> None:
    assert str(fill(parse_target("cpu"), text)) == "cpu:eager:fp32:1:prefill/1/24"


def test_a_bare_device_is_filled_for_images_with_one_image(images: Signature) -> None:
    assert str(fill(parse_target("cpu"), images)) == "cpu:eager:fp32:1:prefill/1/1"


def test_what_is_given_stays(text: Signature) -> None:
    given = "cpu:eager:bf16:1:decode/2/8/16"
    assert str(fill(parse_target(given), text)) == given


def test_filling_twice_changes_nothing(text: Signature) -> None:
    once = fill(parse_target("cpu"), text)
    assert fill(once, text) == once


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("tpu", "'tpu' is not a device of this machine; it has cpu.*, and there are datasheets of .*raspberry-pi-4"),
        ("cpu:tpu", "'tpu' is not a runtime of this device; it has .*eager.*, roofline"),
        ("cpu::fp16", "'fp16' cannot be used here: .* use fp32 or bf16"),
        ("cpu::::prefill/1/25", "needs 25 tokens, .* use at most 24"),
        ("cpu::::decode/1/20/5", "needs 25 tokens, .* use at most 24"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(target: str, sentence: str, text: Signature) -> None:
    with pytest.raises(UserError, match=sentence) as refusal:
        fill(parse_target(target), text)
    assert str(refusal.value).startswith(f"{target}: ")


def test_a_runtime_that_is_not_installed_is_refused_with_the_command_that_installs_it(
    text: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paretoformer.runtimes.onnx.find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"needs onnx, onnxscript, onnxruntime: pip install 'paretoformer\[export\]'\.$"
    ):
        fill(parse_target("cpu:onnx"), text)


def test_more_threads_than_cores_are_refused(text: Signature) -> None:
    cores = usable_cores()
    with pytest.raises(UserError, match=f"{cores + 1} threads are more than the {cores} cores"):
        fill(parse_target(f"cpu:::{cores + 1}"), text)


def test_images_are_counted_not_their_tokens(images: Signature) -> None:
    with pytest.raises(UserError, match="use prefill/BATCH/1"):
        fill(parse_target("cpu::::prefill/1/16"), images)


@pytest.mark.parametrize(("name", "instead"), [("images", "prefill/1/1"), ("labels", "prefill/1/24")])
def test_a_task_without_a_next_token_does_not_decode(name: str, instead: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(UserError, match=f"decodes, and the task gives .*; use {instead}"):
        fill(parse_target("cpu::::decode/1/8/8"), request.getfixturevalue(name))


@settings(deadline=None, max_examples=30)
@given(length=st.integers(1, 512), context=st.integers(1, 512), new=st.integers(1, 512))
def test_a_decode_is_taken_exactly_when_its_tokens_fit(length: int, context: int, new: int) -> None:
    signature = Signature(input=TokenInput(vocabulary=2, length=length), output=TokenOutput(vocabulary=2))
    target = parse_target(f"cpu::::decode/1/{context}/{new}")
    try:
        fill(target, signature)
        taken = True
    except UserError:
        taken = False
    assert taken == (context + new <= length)

"""Signatures: what a task asks of a model."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    LabelOutput,
    NumberOutput,
    SeriesInput,
    SeriesOutput,
    Signature,
    TokenInput,
    TokenOutput,
)

SIZES = st.integers(1, 10_000)
INPUTS = (
    st.builds(TokenInput, vocabulary=SIZES, length=SIZES)
    | st.builds(SeriesInput, channels=SIZES, length=SIZES)
    | st.builds(ImageInput, channels=SIZES, height=SIZES, width=SIZES)
)
OUTPUTS = (
    st.builds(ClassOutput, classes=SIZES)
    | st.builds(NumberOutput, numbers=SIZES)
    | st.builds(LabelOutput, classes=SIZES, causal=st.booleans())
    | st.builds(SeriesOutput, numbers=SIZES, causal=st.booleans())
    | st.builds(TokenOutput, vocabulary=SIZES)
    | st.builds(DenseOutput, channels=SIZES)
)
SIGNATURES = st.builds(Signature, input=INPUTS, output=OUTPUTS, source=st.none() | INPUTS)


@given(SIGNATURES)
def test_a_signature_comes_back_from_its_json(signature) -> None:
    assert Signature.from_json(json.loads(json.dumps(signature.to_json()))) == signature


@given(SIGNATURES, SIGNATURES)
def test_digests_are_equal_just_where_signatures_are(one, two) -> None:
    assert (one.digest == two.digest) == (one == two)


def test_a_signature_has_a_brief_form() -> None:
    read = TokenInput(vocabulary=9, length=64)
    beside = Signature(input=read, source=ImageInput(channels=1, height=8, width=9), output=TokenOutput(vocabulary=9))
    assert beside.brief == "64 tokens beside 8 x 9 pixels, the next token"


@pytest.mark.parametrize(
    ("signature", "sentence"),
    [
        (
            Signature(input=TokenInput(vocabulary=9, length=64), output=TokenOutput(vocabulary=9)),
            "a sequence of up to 64 tokens, asking for the next token",
        ),
        (
            Signature(input=ImageInput(channels=1, height=8, width=9), output=ClassOutput(classes=10)),
            "a grid of 8 x 9 pixels, asking for 10 classes",
        ),
        (
            Signature(input=SeriesInput(channels=1, length=9), output=SeriesOutput(numbers=2, causal=True)),
            "a series of up to 9 steps of 1 number, asking for 2 numbers a token by what came before",
        ),
        (
            Signature(input=TokenInput(vocabulary=9, length=64), output=LabelOutput(classes=3)),
            "a sequence of up to 64 tokens, asking for one of 3 labels a token",
        ),
        (
            Signature(
                input=ImageInput(channels=1, height=8, width=9),
                output=DenseOutput(channels=4),
                source=SeriesInput(channels=2, length=5),
            ),
            "a grid of 8 x 9 pixels beside a series of up to 5 steps of 2 numbers, asking for 4 numbers a pixel",
        ),
        (
            Signature(input=SeriesInput(channels=3, length=9), output=NumberOutput(numbers=1)),
            "a series of up to 9 steps of 3 numbers, asking for 1 number",
        ),
    ],
)
def test_a_signature_reads_as_a_phrase(signature, sentence) -> None:
    assert str(signature) == sentence


@pytest.mark.parametrize(
    ("output", "outputs", "whole", "causal"),
    [
        (ClassOutput(classes=3), 3, True, False),
        (NumberOutput(numbers=2), 2, True, False),
        (LabelOutput(classes=3), 30, False, False),
        (LabelOutput(classes=3, causal=True), 30, False, True),
        (SeriesOutput(numbers=2, causal=True), 20, False, True),
        (TokenOutput(vocabulary=7), 70, False, True),
    ],
)
def test_what_is_asked_of_a_sequence_is_counted_and_known_for_what_it_is(output, outputs, whole, causal) -> None:
    signature = Signature(input=TokenInput(vocabulary=7, length=10), output=output)
    assert (signature.outputs, signature.whole, signature.causal) == (outputs, whole, causal)


def test_both_views_count_where_every_pixel_is_asked() -> None:
    image = ImageInput(channels=1, height=3, width=5)
    assert Signature(input=image, output=DenseOutput(channels=4), source=image).outputs == 2 * 3 * 5 * 4

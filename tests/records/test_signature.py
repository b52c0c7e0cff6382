"""Signatures: what a task asks of a model."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput

SIZES = st.integers(1, 10_000)
SIGNATURES = st.builds(
    Signature,
    input=st.builds(TokenInput, vocabulary=SIZES, length=SIZES)
    | st.builds(ImageInput, channels=SIZES, height=SIZES, width=SIZES),
    output=st.builds(ClassOutput, classes=SIZES) | st.builds(TokenOutput, vocabulary=SIZES),
)


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
    ],
)
def test_a_signature_reads_as_a_phrase(signature, sentence) -> None:
    assert str(signature) == sentence

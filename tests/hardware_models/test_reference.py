import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.hardware_models.reference import MOST_PATCHES, reference_for
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
from paretoformer.records.target import Workload

PREFILL = Workload(kind="prefill", batch=1, length=1)
DECODE = Workload(kind="decode", batch=1, length=4, new=4)


@settings(deadline=None, max_examples=50)
@given(height=st.integers(1, 300), width=st.integers(1, 300), channels=st.sampled_from([1, 3]))
def test_every_image_has_a_reference_that_can_serve_it(height: int, width: int, channels: int) -> None:
    given_input = ImageInput(channels=channels, height=height, width=width)
    signature = Signature(input=given_input, output=ClassOutput(classes=2))
    assert reference_for(signature, PREFILL).architecture.problems(signature) == ()


@pytest.mark.parametrize("side", [7, 8, 28, 32, 96, 224])
def test_usual_images_become_few_patches(side: int) -> None:
    given_input = ImageInput(channels=3, height=side, width=side)
    signature = Signature(input=given_input, output=ClassOutput(classes=2))
    assert 10 < reference_for(signature, PREFILL).architecture.stem.tokens(given_input) <= MOST_PATCHES


def test_each_family_has_a_reference_of_its_own(images: Signature, text: Signature, labels: Signature) -> None:
    families = [(images, PREFILL), (labels, PREFILL), (text, PREFILL), (text, DECODE)]
    assert len({reference_for(*family).name for family in families}) == 4


def test_a_reference_serves_text(text: Signature, labels: Signature) -> None:
    for signature in (text, labels):
        assert reference_for(signature, PREFILL).architecture.problems(signature) == ()


@pytest.mark.parametrize("inputs", [TokenInput(vocabulary=5, length=6), SeriesInput(channels=2, length=6)])
@pytest.mark.parametrize(
    "outputs",
    [
        ClassOutput(classes=2),
        NumberOutput(numbers=2),
        TokenOutput(vocabulary=5),
        *(
            kind
            for causal in (False, True)
            for kind in (LabelOutput(classes=2, causal=causal), SeriesOutput(numbers=2, causal=causal))
        ),
    ],
    ids=str,
)
def test_a_reference_serves_whatever_is_asked_of_tokens_and_series(inputs, outputs) -> None:
    signature = Signature(input=inputs, output=outputs)
    assert reference_for(signature, PREFILL).architecture.problems(signature) == ()


def test_a_reference_reads_no_source_and_gives_classes_where_pixels_are_asked_for(images: Signature) -> None:
    two_views = Signature(input=images.input, source=images.input, output=DenseOutput(channels=4))
    reference = reference_for(two_views, PREFILL)
    assert reference.signature == Signature(input=images.input, output=ClassOutput(classes=4))
    assert reference.architecture.problems(reference.signature) == ()


@pytest.mark.parametrize("name", ["images", "labels", "text"])
def test_what_has_no_source_is_the_references_signature_too(name: str, request: pytest.FixtureRequest) -> None:
    signature = request.getfixturevalue(name)
    assert reference_for(signature, PREFILL).signature == signature


@pytest.mark.parametrize(
    ("name", "digest"),
    [("images", "7719af97b23b"), ("labels", "b0ed951b4d38"), ("text", "9f152abd897d")],
)
def test_version_1_stays_what_stored_calibrations_were_made_with(
    name: str, digest: str, request: pytest.FixtureRequest
) -> None:
    reference = reference_for(request.getfixturevalue(name), PREFILL)
    assert (reference.version, reference.architecture.digest[:12]) == (1, digest)

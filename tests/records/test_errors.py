"""Errors that a user can mend."""

import pytest

from paretoformer.records.errors import InvalidArchitecture, Unavailable, UserError, unknown


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("mixer", ["softmax", "linear"], "'x' is not a mixer; mixers: linear, softmax."),
        ("engine", ["tpe"], "'x' is not an engine; engines: tpe."),
        ("topology", ["encoder", "decoder"], "'x' is not a topology; topologies: decoder, encoder."),
        ("study", [], "'x' is not a study; studies: none."),
        ("box", ["a"], "'x' is not a box; boxes: a."),
        ("norm", ["rms"], "'x' is not a norm; norms: rms."),
    ],
)
def test_an_unknown_name_is_told_with_what_there_is(kind, options, sentence) -> None:
    assert str(unknown(kind, "x", options)) == sentence


def test_an_invalid_architecture_tells_all_its_reasons() -> None:
    error = InvalidArchitecture(["one thing", "another"])
    assert error.reasons == ("one thing", "another")
    assert str(error) == "one thing; another"


def test_what_a_user_can_mend_is_a_value_error_and_what_is_unavailable_is_not() -> None:
    assert issubclass(InvalidArchitecture, UserError) and issubclass(UserError, ValueError)
    assert not issubclass(Unavailable, ValueError)

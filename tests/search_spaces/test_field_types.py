from typing import Any, Literal

import pytest

from paretoformer.search_spaces.field_types import Misfit, fitted


@pytest.mark.parametrize(
    ("value", "annotation", "held"),
    [
        (2, float, 2.0),
        (2, int, 2),
        (2, int | None, 2),
        (None, int | None, None),
        (True, bool, True),
        ("a", Literal["a", "b"], "a"),
        ([1, 2], tuple[int, ...], (1, 2)),
    ],
)
def test_a_value_is_held_in_the_type_of_its_field(value: Any, annotation: Any, held: Any) -> None:
    found = fitted(value, annotation)
    assert found == held and type(found) is type(held)


@pytest.mark.parametrize(
    ("value", "annotation", "wanted"),
    [
        (2.5, int, "a whole number"),
        (True, int, "a whole number"),
        (None, int, "a whole number"),
        ("a", float, "a number"),
        (True, float, "a number"),
        (1, bool, "true or false"),
        (1, str, "a word"),
        ("c", Literal["a", "b"], "one of a, b"),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_the_field_takes(value: Any, annotation: Any, wanted: str) -> None:
    with pytest.raises(Misfit, match=wanted):
        fitted(value, annotation)

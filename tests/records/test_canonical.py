"""One spelling of a JSON value, and its digest."""

import hashlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.canonical import canonical_json, derived_seed, digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def turned(value):
    """The same value with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(part) for part in value] if isinstance(value, list) else value


@given(JSON)
def test_the_order_of_keys_is_irrelevant(value) -> None:
    assert canonical_json(value) == canonical_json(turned(value))


@given(JSON)
def test_canonical_json_is_the_value(value) -> None:
    assert json.loads(canonical_json(value)) == value


@given(JSON)
def test_canonical_json_is_one_ascii_line(value) -> None:
    assert canonical_json(value).isascii() and "\n" not in canonical_json(value)


@given(JSON, JSON)
def test_other_values_have_other_digests(one, two) -> None:
    assert (digest(one) == digest(two)) == (canonical_json(one) == canonical_json(two))


def test_a_digest_is_the_sha256_of_the_text() -> None:
    assert digest({"b": 1, "a": [True, None]}) == hashlib.sha256(b'{"a":[true,null],"b":1}').hexdigest()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(number) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": [number]})


@given(st.lists(JSON, max_size=4))
def test_a_derived_seed_is_a_function_of_its_parts_and_has_32_bits(parts) -> None:
    assert derived_seed(*parts) == derived_seed(*parts)
    assert 0 <= derived_seed(*parts) < 2**32


def test_derived_seeds_of_neighbours_differ() -> None:
    assert len({derived_seed(0, "trial", number) for number in range(1_000)}) == 1_000


def test_parts_of_a_seed_are_not_run_together() -> None:
    assert derived_seed(1, 23) != derived_seed(12, 3)

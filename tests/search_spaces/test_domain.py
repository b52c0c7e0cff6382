import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.search_spaces.domain import Choices, Domain, FloatRange, IntRange

DOMAINS: list[Domain] = [
    Choices(("a", "b", "c")),
    Choices((True, False)),
    IntRange(1, 9, 3),
    IntRange(-2, 2),
    FloatRange(1e-4, 1e-2, log=True),
    FloatRange(-1.0, 3.0),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**31))
def test_samples_and_other_values_lie_in_the_domain(domain: Domain, seed: int) -> None:
    rng = random.Random(seed)
    value = domain.sample(rng)
    other = domain.other(value, rng)
    assert value in domain and other in domain and other != value
    assert 0.0 <= domain.encode(value) <= 1.0


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_the_neutral_value_is_encoded_zero_and_the_last_one_is_encoded_one(domain: Domain) -> None:
    assert domain.encode(domain.neutral) == 0.0
    assert domain.encode(list(domain.values())[-1]) == 1.0


@pytest.mark.parametrize("domain", [d for d in DOMAINS if d.size is not None], ids=str)
def test_every_value_of_a_countable_domain_can_be_drawn_as_another_one(domain: Domain) -> None:
    rng = random.Random(0)
    values = list(domain.values())
    assert len(values) == domain.size
    for value in values:
        assert {domain.other(value, rng) for _ in range(100)} == set(values) - {value}


def test_a_log_range_puts_as_much_in_each_order_of_magnitude() -> None:
    rng = random.Random(0)
    domain = FloatRange(1e-4, 1e-2, log=True)
    low = sum(float(domain.sample(rng)) < 1e-3 for _ in range(2_000))
    assert 900 < low < 1_100


def test_a_range_of_one_number_counts_one() -> None:
    assert FloatRange(0.5, 0.5).size == 1 and list(FloatRange(0.5, 0.5).values()) == [0.5]
    assert IntRange(3, 3).size == 1 and FloatRange(0.0, 1.0).size is None


def test_only_values_of_the_steps_lie_in_a_range() -> None:
    assert 4 in IntRange(1, 9, 3) and 5 not in IntRange(1, 9, 3) and "4" not in IntRange(1, 9, 3)
    assert 2 in FloatRange(1.0, 3.0) and 3.5 not in FloatRange(1.0, 3.0) and "2" not in FloatRange(1.0, 3.0)

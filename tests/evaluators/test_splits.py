from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.splits import SHARES, deal, letters_of

keys = st.lists(st.sampled_from([f"key{i}" for i in range(40)]), min_size=1, max_size=200)


@settings(deadline=None, max_examples=40)
@given(keys=keys)
def test_every_item_is_dealt_once(keys: list[str]) -> None:
    dealt = deal(keys)
    assert sorted(item for items in dealt.values() for item in items) == list(range(len(keys)))


@settings(deadline=None, max_examples=40)
@given(keys=keys, seed=st.integers(0, 5))
def test_equal_keys_never_cross(keys: list[str], seed: int) -> None:
    splits = [{keys[item] for item in items} for items in deal(keys, seed=seed).values()]
    assert len(set.union(*splits)) == sum(map(len, splits))


def test_shares_hold_within_one_group() -> None:
    dealt = deal([str(i) for i in range(1_000)])
    assert {split: len(items) for split, items in dealt.items()} == pytest.approx(
        {split: 1_000 * share for split, share in SHARES.items()}, abs=1
    )


def test_shares_count_sizes() -> None:
    sizes = [1 + i % 7 for i in range(400)]
    dealt = deal([str(i) for i in range(400)], sizes=sizes)
    shares = {split: sum(sizes[item] for item in items) / sum(sizes) for split, items in dealt.items()}
    assert shares == pytest.approx(SHARES, abs=0.01)


def test_every_class_is_spread_as_the_shares_say() -> None:
    labels = ["rare"] * 40 + ["often"] * 400
    dealt = deal([str(i) for i in range(440)], strata=labels)
    rare = {split: sum(labels[item] == "rare" for item in items) for split, items in dealt.items()}
    assert rare == pytest.approx({split: 40 * share for split, share in SHARES.items()}, abs=1)


def test_every_class_is_in_training() -> None:
    labels = [f"class{i // 2}" for i in range(100)]
    dealt = deal([str(i) for i in range(100)], strata=labels)
    assert {labels[item] for item in dealt[Split.TRAIN]} == set(labels)


def test_the_only_group_of_a_class_goes_to_training() -> None:
    labels = [f"class{i}" for i in range(100)]
    assert deal(labels, strata=labels) == {Split.TRAIN: list(range(100)), Split.VALIDATION: [], Split.TEST: []}


def test_the_seed_decides_and_nothing_else() -> None:
    keys = [str(i) for i in range(100)]
    assert deal(keys, seed=1) == deal(keys, seed=1) != deal(keys, seed=2)


def test_the_split_of_a_key_does_not_depend_on_where_it_stands() -> None:
    keys = [str(i) for i in range(100)]
    there = {split: Counter(keys[item] for item in items) for split, items in deal(keys).items()}
    turned = keys[::-1]
    assert there == {split: Counter(turned[item] for item in items) for split, items in deal(turned).items()}


@pytest.mark.parametrize(
    ("text", "letters"),
    [("That was FUN.  I like winning!", "thatwasfunilikewinning"), (":-)", ":-)"), ("Él, 1909", "él1909")],
)
def test_letters_are_what_texts_share_that_differ_in_punctuation(text: str, letters: str) -> None:
    assert letters_of(text) == letters

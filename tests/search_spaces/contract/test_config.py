"""What every config does for itself: names values that no site could take, and writes its JSON."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from paretoformer.search_spaces.contract import ChoiceConfig
from paretoformer.search_spaces.registry import Choice


@dataclass(frozen=True, kw_only=True)
class Sample(ChoiceConfig):
    """A field of every type."""

    heads: int = 4
    groups: int | None = None
    ratio: float = 4.0
    bias: bool = True
    form: Literal["sum", "product"] = "sum"
    sizes: tuple[int, ...] = (3, 5)
    dropout: float = field(default=0.0, metadata={"least": 0, "most": 1})


Sample.choice = Choice(kind="mixer", name="sample", config=Sample)


def test_defaults_have_no_problems() -> None:
    assert list(Sample().field_problems()) == []


@pytest.mark.parametrize(
    "changes",
    [{"groups": 2}, {"ratio": 2}, {"form": "product"}, {"sizes": ()}, {"dropout": 1}, {"dropout": 0.5}],
    ids=str,
)
def test_values_of_the_type_have_no_problems(changes) -> None:
    assert list(Sample(**changes).field_problems()) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"heads": 0}, "mixer sample has heads 0, and it must be above 0"),
        ({"heads": -2}, "mixer sample has heads -2, and it must be above 0"),
        ({"heads": 2.0}, "mixer sample has heads 2.0, and it takes a whole number"),
        ({"heads": True}, "mixer sample has heads True, and it takes a whole number"),
        ({"heads": None}, "mixer sample has heads None, and it takes a whole number"),
        ({"groups": "two"}, "mixer sample has groups 'two', and it takes a whole number or null"),
        ({"groups": 0}, "mixer sample has groups 0, and it must be above 0"),
        ({"ratio": 0.0}, "mixer sample has ratio 0.0, and it must be above 0"),
        ({"ratio": float("inf")}, "mixer sample has ratio inf, and it takes a number"),
        ({"ratio": float("nan")}, "mixer sample has ratio nan, and it takes a number"),
        ({"bias": 1}, "mixer sample has bias 1, and it takes true or false"),
        ({"form": "mean"}, "mixer sample has form 'mean', and it takes one of sum, product"),
        ({"sizes": (3, "x")}, "mixer sample has sizes (3, 'x'), and it takes a list, each a whole number"),
        ({"sizes": 3}, "mixer sample has sizes 3, and it takes a list, each a whole number"),
        ({"dropout": -0.1}, "mixer sample has dropout -0.1, and it must be at least 0"),
        ({"dropout": 1.5}, "mixer sample has dropout 1.5, and it must be at most 1"),
    ],
    ids=str,
)
def test_a_value_that_no_site_takes_is_told(changes, sentence) -> None:
    assert list(Sample(**changes).field_problems()) == [sentence]


def test_every_wrong_field_is_told() -> None:
    assert len(list(Sample(heads=0, ratio="x", dropout=2).field_problems())) == 3


def test_json_has_the_name_and_what_is_off_its_default() -> None:
    assert Sample(heads=2, form="product").to_json() == {"name": "sample", "heads": 2, "form": "product"}


def test_a_whole_number_in_a_field_for_numbers_is_written_as_a_number() -> None:
    written = Sample(ratio=2).to_json()["ratio"]
    assert (written, type(written)) == (2.0, float)


def test_a_whole_number_in_its_own_field_stays_one() -> None:
    assert type(Sample(groups=2).to_json()["groups"]) is int

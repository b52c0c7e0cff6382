"""docs/criteria.md names every criterion and noise with all options at their defaults."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from paretoformer.evaluators.criterion import criterion_class, criterion_names
from paretoformer.evaluators.noising import noise_names

PAGE = Path(__file__).parents[1] / "docs" / "criteria.md"


def rows() -> dict[str, list[str]]:
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text().splitlines() if line[:3] == "| `"
    ]
    return {first.strip("`"): rest for first, *rest in cells}


def written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", criterion_names())
def test_a_criterion_stands_there_with_its_options_and_papers(name: str) -> None:
    kind = criterion_class(name)
    assert name in rows(), f"docs/criteria.md has no row for {name}"
    options, needs, papers = rows()[name]
    assert re.findall(r"`([^`]+)`", options) == [f"{field.name}={written(field.default)}" for field in fields(kind)]
    assert needs and papers == ", ".join(map(str, kind.papers))


def test_nothing_stands_there_that_is_not_registered() -> None:
    assert rows().keys() == {*criterion_names(), *noise_names()}

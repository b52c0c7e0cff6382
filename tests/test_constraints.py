"""constraints.txt pins what the project requires, and nothing else."""

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOWER = {"torch", "triton"}
"""Requirements whose floor lies below the pinned version, with the reason beside them in pyproject.toml."""
BY_THE_MAKEFILE = {"timm"}
OF_ZEUS = {"amdsmi", "docstring-parser", "httpcore", "httpx", "tyro", "zeus"}
"""What the energy extra adds; `make install` leaves it out."""


def direct() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


def pinned() -> dict[str, Version]:
    lines = (line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    return {canonicalize_name(name): Version(version) for name, version in lines}


def reached() -> set[str]:
    """Every package that a requirement leads to here, extras and markers regarded."""
    waiting, seen = [(each.name, frozenset(each.extras)) for each in direct()], set()
    while waiting:
        name, extras = waiting.pop()
        if (canonicalize_name(name), extras) in seen:
            continue
        seen.add((canonicalize_name(name), extras))
        try:
            needed = [Requirement(line) for line in requires(name) or ()]
        except PackageNotFoundError:
            continue
        for each in needed:
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((each.name, frozenset(each.extras)))
    return {name for name, _ in seen}


@pytest.mark.parametrize("required", direct(), ids=str)
def test_a_requirement_is_pinned_at_its_floor(required: Requirement) -> None:
    (floor,) = required.specifier
    version = pinned()[canonicalize_name(required.name)]
    assert floor.operator == ">=" and required.specifier.contains(version)
    assert required.name in LOWER or Version(floor.version) == version


@pytest.mark.skipif(
    (sys.platform, sys.version_info[:2]) != ("linux", (3, 11)), reason="the file is that of Linux and Python 3.11"
)
def test_what_is_pinned_is_what_is_required() -> None:
    assert set(pinned()) == reached() | BY_THE_MAKEFILE | OF_ZEUS

"""Registries: found by importing a folder, named once, missed with the names that there are."""

import sys
from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.registry import Registry


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder whose modules register themselves in `a_package_of_shapes.shapes`."""
    name = "a_package_of_shapes"
    folder = tmp_path / name
    folder.mkdir()
    registry = "from paretoformer.records.registry import Registry\n"
    (folder / "__init__.py").write_text(f"{registry}shapes = Registry('shape', '{name}')\n")
    for shape in ("square", "circle"):
        (folder / f"{shape}.py").write_text(f"from {name} import shapes\nshapes.add('{shape}', '{shape}!')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


def shapes(package: str) -> Registry[str]:
    found: Registry[str] = __import__(package).shapes
    return found


def test_every_file_of_the_folder_is_found(package: str) -> None:
    assert shapes(package).names() == ("circle", "square")
    assert shapes(package).all() == ("circle!", "square!")


def test_one_is_found_by_name_without_loading_first(package: str) -> None:
    assert shapes(package).get("square") == "square!"


def test_a_name_that_is_not_there_lists_those_that_are(package: str) -> None:
    with pytest.raises(UserError, match=r"'oval' is not a shape; shapes: circle, square\."):
        shapes(package).get("oval")


def test_a_name_is_taken_once(package: str) -> None:
    shapes(package).names()
    with pytest.raises(ValueError, match="shape circle is registered twice"):
        shapes(package).add("circle", "another")

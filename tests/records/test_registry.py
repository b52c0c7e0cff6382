"""Registries: found by importing a folder, named once, missed with the names that there are."""

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from paretoformer.records import registry
from paretoformer.records.errors import UserError
from paretoformer.records.registry import Registry


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder whose modules register themselves in `a_package_of_shapes.shapes`."""
    name = "a_package_of_shapes"
    folder = tmp_path / name
    folder.mkdir()
    line = "from paretoformer.records.registry import Registry\n"
    (folder / "__init__.py").write_text(f"{line}shapes = Registry('shape', '{name}')\n")
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


@pytest.fixture
def offered(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Registry[str]]:
    """The same folder with a plugin that another package offers as a module of the given text."""

    def offer(text: str) -> Registry[str]:
        known = shapes(package)
        (tmp_path / "a_plugin_of_shapes.py").write_text(text)
        plugin = EntryPoint(name="more", value="a_plugin_of_shapes", group="shapes")
        monkeypatch.setattr(registry, "entry_points", lambda group: (plugin,) if group == "shapes" else ())
        monkeypatch.setattr(known, "_plugins", "shapes")
        monkeypatch.delitem(sys.modules, "a_plugin_of_shapes", raising=False)
        return known

    return offer


def test_what_a_plugin_registers_is_found_beside_the_folders(offered: Callable[[str], Registry[str]]) -> None:
    found = offered("from a_package_of_shapes import shapes\nshapes.add('oval', 'oval!')\n")
    assert found.names() == ("circle", "oval", "square") and found.get("oval") == "oval!"


def test_a_plugin_that_registers_nothing_is_named(offered: Callable[[str], Registry[str]]) -> None:
    found = offered("class Oval: ...\n")
    for _ in range(2):
        with pytest.raises(UserError, match=r"The plugin 'more' \(a_plugin_of_shapes\) of shapes registers no shape;"):
            found.names()


def test_a_plugin_is_no_stranger_after_another_failed(
    offered: Callable[[str], Registry[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = offered("from a_package_of_shapes import shapes\nshapes.add('oval', 'oval!')\n")
    good, bad = *registry.entry_points("shapes"), EntryPoint(name="bad", value="no_such_module", group="shapes")
    monkeypatch.setattr(registry, "entry_points", lambda group: (good, bad))
    for _ in range(2):
        with pytest.raises(UserError, match="The plugin 'bad' .* cannot be loaded"):
            found.names()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("raise RuntimeError('no ink')\n", "RuntimeError: no ink"),
        ("import a_module_that_nobody_has\n", "ModuleNotFoundError: No module named 'a_module_that_nobody_has'"),
        (
            "from a_package_of_shapes import shapes\nshapes.add('circle', 'another')\n",
            "ValueError: shape circle is registered twice: circle! and another",
        ),
        (
            "from a_package_of_shapes import shapes\nshapes.add('oval', 'oval!')\nraise RuntimeError('no ink')\n",
            "RuntimeError: no ink",
        ),
    ],
)
def test_a_plugin_that_raises_is_named_each_time(
    offered: Callable[[str], Registry[str]], text: str, error: str
) -> None:
    found = offered(text)
    for _ in range(2):
        with pytest.raises(UserError) as caught:
            found.names()
        assert str(caught.value) == (
            f"The plugin 'more' (a_plugin_of_shapes) of shapes cannot be loaded: {error}; mend or uninstall it."
        )

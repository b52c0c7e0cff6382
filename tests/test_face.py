"""The package's face: there, lazy, and named alike in all its places."""

import subprocess
import sys

import pytest

import paretoformer


@pytest.mark.smoke
def test_everything_named_can_be_had() -> None:
    for name in paretoformer.__all__:
        assert getattr(paretoformer, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'serach'"):
        _ = paretoformer.serach


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, paretoformer; print([m for m in ('torch', 'pandas', 'sqlalchemy', 'optuna') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


@pytest.mark.smoke
def test_what_is_not_python_came_with_the_package() -> None:
    from paretoformer.search_spaces.catalogue import load_space, space_names
    from paretoformer.search_spaces.preset import load_preset, preset_names
    from paretoformer.store import Store

    assert [load_space(name).name for name in space_names()] == space_names()
    assert [load_preset(name).name for name in preset_names()] == preset_names()
    with Store.open("sqlite://") as store:
        assert store.studies.all() == []

"""What is installed is whole: run against the built wheel too, away from the source tree."""

import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

import paretoformer
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.preset import load_preset, preset_names

pytestmark = [pytest.mark.smoke, pytest.mark.slow]

NOT_TO_BE_IMPORTED = ("paretoformer.__main__", "paretoformer.store.migrations.env")
"""The command line itself, and what Alembic runs."""


def run(folder: Path, *arguments: str) -> str:
    """A command in a process of its own, with `folder` as the current one."""
    command = [sys.executable, "-P", "-m", "paretoformer", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARETOFORMER_")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_can_be_imported() -> None:
    found = [each.name for each in pkgutil.walk_packages(paretoformer.__path__, "paretoformer.")]
    for name in found:
        if name not in NOT_TO_BE_IMPORTED:
            import_module(name)
    folders = {path.parent for path in Path(paretoformer.__path__[0]).rglob("*.py")}
    assert len(found) > len(folders) > 20 and all((folder / "__init__.py").exists() for folder in folders)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_built_with_the_parameters_that_are_counted(name: str) -> None:
    preset = load_preset(name)
    try:
        with FakeTensorMode():  # hundreds of millions of parameters without their memory
            model = build(preset.architecture, preset.signature, seed=0)
    except DataDependentOutputException:  # it looks at a value while it is built
        model = build(preset.architecture, preset.signature, seed=0)
    assert sum(each.numel() for each in model.parameters()) == count(preset.architecture, preset.signature).params


def test_a_search_leads_to_an_export_that_is_verified(tmp_path: Path) -> None:
    run(tmp_path, "search", "digits", "--objectives", "accuracy, -macs", "--trials", "2", "--budget", "256")
    run(tmp_path, "export", "digits", "--pick", "best", "chosen")
    (proof,) = (tmp_path / "chosen").rglob("proof.json")
    run(tmp_path, "verify", str(proof.parent))

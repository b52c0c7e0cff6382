"""Starting: help comes at once, since nothing heavy is loaded for it."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from paretoformer import __version__

from .conftest import Said

HEAVY = ("torch", "pandas", "sqlalchemy", "optuna", "matplotlib", "sklearn", "numpy")


@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom paretoformer.cli.main import main\n"
        f"code = main({arguments!r})\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(code, loaded, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "0 []"


@pytest.mark.smoke
def test_the_version_is_the_packages(run: Callable[..., Said]) -> None:
    assert run("--version").out.strip() == f"paretoformer {__version__}"


def test_every_command_has_help(run: Callable[..., Said]) -> None:
    for command in ("search", "profile", "front", "show", "compare", "measure", "worker", "list", "studies", "export"):
        said = run(command, "--help")
        assert said.code == 0
        assert "Usage" in said.out

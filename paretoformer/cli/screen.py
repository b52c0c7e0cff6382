"""Where the command line writes: reports to standard output, what happens meanwhile to the error stream."""

import json
import sys
from typing import Any

from rich.console import Console

PIPE_WIDTH = 2_000
"""Columns where nobody looks: lines in a pipe or file are not broken or cut."""


def report() -> Console:
    """For what a command was asked for."""
    return _console(stderr=False)


def notes() -> Console:
    """For progress, warnings and hints."""
    return _console(stderr=True)


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _console(*, stderr: bool) -> Console:
    """Square brackets are ours (`latency[cpu]`), so that nothing is read as markup."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)

"""Saying what takes long."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def waiting(console: Console, text: str) -> Iterator[None]:
    """A spinner on a terminal, nothing elsewhere."""
    if console.is_terminal:
        with console.status(f"{text} ..."):
            yield
    else:
        yield

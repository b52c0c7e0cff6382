"""Dataclasses of options as options of a command."""

from dataclasses import dataclass, field
from inspect import Parameter, signature
from typing import Annotated

import typer
from typer.testing import CliRunner

from paretoformer.cli.grouping import grouped


@dataclass(frozen=True, kw_only=True)
class Some:
    """A group."""

    what: Annotated[str, typer.Argument()]
    many: Annotated[list[str], typer.Option()] = field(default_factory=lambda: ["a"])
    number: int = 3


def run(*arguments: str) -> list[tuple[Some, bool]]:
    got: list[tuple[Some, bool]] = []
    app = typer.Typer()

    @app.command()
    @grouped
    def command(some: Some, loud: bool = False) -> None:
        got.append((some, loud))

    assert CliRunner().invoke(app, list(arguments)).exit_code == 0
    return got


def test_a_command_is_called_with_the_dataclass_that_the_line_makes() -> None:
    assert run("x", "--many", "b", "--many", "c", "--loud") == [(Some(what="x", many=["b", "c"]), True)]


def test_defaults_are_those_of_the_fields() -> None:
    assert run("x") == [(Some(what="x"), False)]


def test_the_signature_has_every_field_in_order() -> None:
    @grouped
    def command(some: Some, loud: bool = False) -> None:
        """Say it."""

    parameters = signature(command).parameters
    assert list(parameters) == ["what", "many", "number", "loud"]
    assert parameters["what"].default is Parameter.empty
    assert command.__doc__ == "Say it."

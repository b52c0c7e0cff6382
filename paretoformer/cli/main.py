"""The `paretoformer` command: what its sub-commands are, and how mistakes are told."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from paretoformer import __version__
from paretoformer.records.errors import UserError, unknown

COMMANDS = (
    "search",
    "profile",
    "front",
    "show",
    "compare",
    "studies",
    "export",
    "verify",
    "measure",
    "devices",
    "worker",
    "list",
    "data",
)
"""Modules of `paretoformer.cli.commands`, in the order of the help; each has `command`, a function or a Typer app.

They import nothing heavy at their top, so that help and mistakes come at once.
"""
KINDS = {"int_": "a whole number", "float_": "a number"}
"""What a value should be, by the beginning of what pydantic calls its error."""
MISTAKE, INTERRUPTED, BROKEN_PIPE = 2, 130, 1
"""Exit codes."""


class Commands(TyperGroup):
    """A group that answers an unknown command with the list of those that there are."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Name, command and the rest of the line.

        Raises:
            UserError: no such command.
        """
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            raise unknown("command", args[0], self.commands)
        return super().resolve_command(ctx, args)


def make_app() -> typer.Typer:
    """The application with all commands."""
    app = typer.Typer(
        name="paretoformer",
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Find the transformer variants that nobody beats on quality and measured cost, on your task and device.",
    )
    app.callback()(_top)
    for name in COMMANDS:
        command: Callable[..., None] | typer.Typer
        command = import_module(f"paretoformer.cli.commands.{name}").command
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, cls=Commands, no_args_is_help=True)
        else:
            app.command(name)(command)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code.

    0: done. 2: a mistake, told in one sentence on the error stream. 130: interrupted. Any other exception is ours.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = make_app()(args=arguments, prog_name="paretoformer", standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        print(" ".join(line.strip() for line in str(error).splitlines()), file=sys.stderr)
        return MISTAKE
    except typer.TyperException as error:
        print(_usage_sentence(error), file=sys.stderr)
        return MISTAKE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code if isinstance(code, int) else 0


def _usage_sentence(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    sentence = _unreadable(error) or " ".join(error.format_message().split()) or "Nothing was asked for."
    sentence = sentence if sentence.endswith((".", "?", ")")) else f"{sentence}."
    return f"{sentence} See '{context.command_path} --help'." if context else sentence


def _unreadable(error: typer.TyperException) -> str | None:
    """What the value of an option or argument is not, naming it; None where that is not what is wrong."""
    errors = getattr(error.__cause__, "errors", None)
    wrong = errors()[0] if errors else {}
    kind = next((word for start, word in KINDS.items() if wrong.get("type", "").startswith(start)), None)
    if kind is None:
        return None
    where = error.format_message().partition("'")[2].partition("'")[0]
    return f"'{wrong['input']}' is not {kind}, which {where} takes."


def _say_version(asked: bool) -> None:
    if asked:
        print(f"paretoformer {__version__}")
        raise typer.Exit()


def _top(
    version: Annotated[bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print it.")] = False,
) -> None:
    pass

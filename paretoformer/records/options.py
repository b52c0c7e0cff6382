"""Names with options as users write them: `copy:variant=reverse,longest=20`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from paretoformer.records.errors import UserError

T = TypeVar("T")
_WORDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}
_TRUTH = {"true": True, "false": False}


def split_name(text: str) -> tuple[str, dict[str, str]]:
    """The name and its options as written.

    Raises:
        UserError: an option is not written `NAME=VALUE`, or twice.
    """
    name, colon, rest = text.partition(":")
    given: dict[str, str] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            raise UserError(f"'{part}' in '{text}' is not an option; write {name}:OPTION=VALUE,OPTION=VALUE.")
        if key in given:
            raise UserError(f"'{text}' has the option '{key}' twice; write it once.")
        given[key] = value
    return name, given


def read_options(kind: type[T], of: str, given: Mapping[str, str]) -> T:
    """A dataclass of options (numbers, words, truths, `Literal`s) from what was written.

    Args:
        kind: the dataclass; its defaults stand where nothing was written.
        of: what has the options, for errors: `task copy`.
        given: values by name.

    Raises:
        UserError: there is no such option, or not such a value; or the dataclass refuses the values.
    """
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for name in given:
        if name not in names:
            listed = f"its options: {', '.join(names)}" if names else "it has none"
            raise UserError(f"'{name}' is not an option of {of}; {listed}.")
    return kind(**{name: _read(hints[name], f"The option '{name}' of {of}", text) for name, text in given.items()})


def write_name(name: str, options: Any) -> str:
    """How a name and its options are written, options at their default left out."""
    changed = {
        field.name: getattr(options, field.name)
        for field in fields(options)
        if getattr(options, field.name) != field.default
    }
    return f"{name}:{','.join(f'{key}={_written(value)}' for key, value in changed.items())}" if changed else name


def _read(hint: Any, what: str, text: str) -> Any:
    if get_origin(hint) is Literal:
        options = {str(value): value for value in get_args(hint)}
        if text not in options:
            raise UserError(f"{what} is '{text}'; it must be one of {', '.join(options)}.")
        return options[text]
    try:
        return _TRUTH[text.lower()] if hint is bool else hint(text)
    except (KeyError, ValueError) as error:
        raise UserError(f"{what} is '{text}'; it must be {_WORDS[hint]}.") from error


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

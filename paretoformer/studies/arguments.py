"""Arguments from Python, which has no parser in front of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.space import SearchSpace

Kind = tuple[str, Callable[[Any], bool]]
"""What an argument takes, in words and as a test."""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, str) for each in value)


_TEXT: Kind = ("text", lambda value: isinstance(value, str))
_TEXTS: Kind = ("a list of texts", _are_texts)
_WHOLE: Kind = ("a whole number", _is_whole)
_NUMBER: Kind = ("a number", lambda value: _is_whole(value) or isinstance(value, float))
_PATH: Kind = ("text or a pathlib.Path", lambda value: isinstance(value, str | Path))
_SPACE: Kind = ("text or a SearchSpace", lambda value: isinstance(value, str | SearchSpace))

KINDS: dict[str, Kind] = {
    "what": _TEXT,
    "space": _SPACE,
    "on": _TEXTS,
    "objectives": _TEXT,
    "subject_to": _TEXTS,
    "trials": _WHOLE,
    "hours": _NUMBER,
    "time_limit_s": _NUMBER,
    "engine": _TEXT,
    "workers": _WHOLE,
    "study": _TEXT,
    "storage": _TEXT,
    "artifacts": _PATH,
    "seed": _WHOLE,
    "replicates": _WHOLE,
    "columns": _TEXT,
    "budget": _WHOLE,
    "batch": _WHOLE,
    "learning_rate": _NUMBER,
    "criterion": _TEXT,
    "pretraining": _TEXT,
    "pretraining_share": _NUMBER,
}
OPTIONAL = (
    "space",
    "objectives",
    "trials",
    "hours",
    "time_limit_s",
    "study",
    "columns",
    "budget",
    "batch",
    "learning_rate",
    "criterion",
    "pretraining",
    "pretraining_share",
)
"""Arguments that may be None."""


def check_types(given: Mapping[str, Any]) -> None:
    """Refuse a value of the wrong type.

    Raises:
        UserError: names the argument, its value and what it takes.
    """
    for name, value in given.items():
        words, fits = KINDS[name]
        if not fits(value) and not (value is None and name in OPTIONAL):
            raise UserError(f"{name} is {value!r}; it takes {words}{' or None' if name in OPTIONAL else ''}.")

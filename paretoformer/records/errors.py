"""Errors that a user can mend, each with the sentence that says how."""

from collections.abc import Iterable


class UserError(ValueError):
    """Something the user asked for that cannot be done.

    The message is one sentence that names the value and, where there are any, the valid options.
    The command line prints it and exits with code 2; it never shows a traceback.
    """


class InvalidArchitecture(UserError):
    """A combination of choices that cannot work; `reasons` has one sentence for each clash."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(self.reasons))


class Unavailable(Exception):
    """A cost that this machine cannot supply, with the reason. Never reported as zero."""


def unknown(kind: str, value: object, options: Iterable[object], *, plural: str | None = None) -> UserError:
    """The error for a name that is not registered, listing the names that are.

    >>> str(unknown("engine", "tpee", ["nsga2", "tpe"]))
    "'tpee' is not an engine; engines: nsga2, tpe."
    """
    article = "an" if kind[0] in "aeiou" else "a"
    listed = ", ".join(sorted(str(option) for option in options)) or "none"
    if plural is None:
        plural = kind[:-1] + "ies" if kind.endswith("y") else kind + ("es" if kind.endswith("x") else "s")
    return UserError(f"'{value}' is not {article} {kind}; {plural}: {listed}.")

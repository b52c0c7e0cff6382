"""Tokens of a vocabulary that stand for no text."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Symbols:
    """Ids of such tokens, None where a task has none: the first of a sequence, its end, what stands for hidden tokens, padding."""

    begin: int | None = None
    end: int | None = None
    mask: int | None = None
    padding: int | None = None

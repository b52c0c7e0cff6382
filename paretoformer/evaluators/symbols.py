"""Tokens of a vocabulary that stand for no text."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Symbols:
    """Ids of such tokens, None where a task has none: the first of a sequence, its end, what stands for hidden tokens, padding."""

    begin: int | None = None
    end: int | None = None
    mask: int | None = None
    padding: int | None = None


def free_zero(texts: Iterable[bytes]) -> Symbols:
    """Byte 0 as the mask where it stands in none of the texts, else no symbols."""
    return Symbols() if any(b"\0" in text for text in texts) else Symbols(mask=0)

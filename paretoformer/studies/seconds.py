"""Where the time of a trial went."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

WORK = ("training", "measuring", "waiting")
KINDS = (*WORK, "other")
"""What is neither of `WORK` is other: proposing, building, checking, scoring on test."""


@dataclass
class Seconds:
    """Adds up training, measuring and waiting for the lease since it was made, by an injected clock and the lease's own account."""

    clock: Callable[[], float]
    waited: Callable[[], float]
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))

    def __post_init__(self) -> None:
        self._kind, self._at, self._waited = "other", self.clock(), self.waited()

    def all(self) -> dict[str, float]:
        """By kind, what is under way now and what is none of the others among them."""
        now, waited = self.clock(), self.waited()
        waiting = waited - self._waited
        self.spent["waiting"] += waiting
        self.spent[self._kind] += max(0.0, now - self._at - waiting)
        self._at, self._waited = now, waited
        return dict(self.spent)

    def take(self) -> dict[str, float]:
        """All since it was made or taken from last, to be kept elsewhere; it goes on from zero."""
        taken = self.all()
        self.spent = dict.fromkeys(KINDS, 0.0)
        return taken

    @contextmanager
    def of(self, kind: str) -> Iterator[None]:
        """Count what happens inside as `kind`, less what of it was waiting."""
        self.all()
        before, self._kind = self._kind, kind
        try:
            yield
        finally:
            self.all()
            self._kind = before

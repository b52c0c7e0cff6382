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
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WORK, 0.0))

    def __post_init__(self) -> None:
        self._began = self.clock()

    def all(self) -> dict[str, float]:
        """By kind, what is none of the others among them."""
        other = self.clock() - self._began - sum(self.spent.values())
        return {**self.spent, "other": max(0.0, other)}

    @contextmanager
    def of(self, kind: str) -> Iterator[None]:
        """Count what happens inside as `kind`, less what of it was waiting."""
        began, waited = self.clock(), self.waited()
        try:
            yield
        finally:
            waiting = self.waited() - waited
            self.spent["waiting"] += waiting
            self.spent[kind] += self.clock() - began - waiting

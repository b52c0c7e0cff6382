"""Where the time of a trial went."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

KINDS = ("training", "measuring", "waiting")


@dataclass
class Seconds:
    """Adds up training, measuring and waiting for the lease, by an injected clock and the lease's own account."""

    clock: Callable[[], float]
    waited: Callable[[], float]
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))

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

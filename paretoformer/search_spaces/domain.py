"""What values a dimension may take: listed ones, whole numbers of a range, real numbers of a range."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paretoformer.records.trial import Gene as Value


@dataclass(frozen=True)
class Choices:
    """Listed values, in the order given."""

    options: tuple[Value, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.options)

    @property
    def neutral(self) -> Value:
        """The first value: what an inactive gene shows."""
        return self.options[0]

    def values(self) -> Iterator[Value]:
        """All of them."""
        return iter(self.options)

    def sample(self, rng: random.Random) -> Value:
        """One value, each as likely."""
        return rng.choice(self.options)

    def other(self, value: Value, rng: random.Random) -> Value:
        """A value that is not `value`; needs two."""
        return rng.choice([option for option in self.options if option != value])

    def encode(self, value: Value) -> float:
        """Index of the value on [0, 1]."""
        return self.options.index(value) / max(1, self.size - 1)

    def __contains__(self, value: object) -> bool:
        return value in self.options

    def to_json(self) -> Any:
        """The list."""
        return list(self.options)

    def __str__(self) -> str:
        return ", ".join(str(option) for option in self.options)


@dataclass(frozen=True)
class IntRange:
    """low, low + step, ... up to high."""

    low: int
    high: int
    step: int = 1

    @property
    def _range(self) -> range:
        return range(self.low, self.high + 1, self.step)

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self._range)

    @property
    def neutral(self) -> Value:
        """The lowest value."""
        return self.low

    def values(self) -> Iterator[Value]:
        """All of them, rising."""
        return iter(self._range)

    def sample(self, rng: random.Random) -> Value:
        """One value, each as likely."""
        return rng.choice(self._range)

    def other(self, value: Value, rng: random.Random) -> Value:
        """A value that is not `value`, each as likely; needs two."""
        index = rng.randrange(self.size - 1)
        return self._range[index + (index >= self._range.index(int(value)))]

    def encode(self, value: Value) -> float:
        """Place of the value between the ends on [0, 1]."""
        return self._range.index(int(value)) / max(1, self.size - 1)

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and value in self._range

    def to_json(self) -> Any:
        """Ends and step."""
        return {"from": self.low, "to": self.high, "step": self.step}

    def __str__(self) -> str:
        steps = "" if self.step == 1 else f" in steps of {self.step}"
        return f"whole numbers from {self.low} to {self.high}{steps}"


@dataclass(frozen=True)
class FloatRange:
    """Every real number from low to high, spread evenly or, with `log`, evenly over orders of magnitude."""

    low: float
    high: float
    log: bool = False

    @property
    def size(self) -> int | None:
        """1 where the ends meet, else None: no count."""
        return 1 if self.low == self.high else None

    @property
    def neutral(self) -> Value:
        """The lowest value."""
        return self.low

    def values(self) -> Iterator[Value]:
        """The ends: all that can be listed."""
        return iter(dict.fromkeys((self.low, self.high)))

    def sample(self, rng: random.Random) -> Value:
        """One value, evenly over the range (or over its logarithm)."""
        return self._decode(rng.random())

    def other(self, value: Value, rng: random.Random) -> Value:
        """A value near `value`, normal with a fifth of the range as deviation, folded back at the ends."""
        moved = self.encode(value) + rng.gauss(0.0, 0.2)
        folded = abs(moved) % 2.0
        near = self._decode(min(folded, 2.0 - folded))
        return near if near != value else self.low if value != self.low else self.high

    def encode(self, value: Value) -> float:
        """Place of the value between the ends (or their logarithms) on [0, 1]."""
        low, high, at = (math.log(x) if self.log else x for x in (self.low, self.high, float(value)))
        return min(1.0, max(0.0, (at - low) / (high - low))) if high > low else 0.0

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def to_json(self) -> Any:
        """Ends and scale."""
        return {"from": self.low, "to": self.high, "log": self.log}

    def __str__(self) -> str:
        return f"numbers from {self.low:g} to {self.high:g}"

    def _decode(self, unit: float) -> float:
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return min(self.high, max(self.low, math.exp(low + unit * (high - low))))
        return min(self.high, self.low + unit * (self.high - self.low))


Domain = Choices | IntRange | FloatRange

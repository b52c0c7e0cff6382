"""Nodes of the rule language: what a rule's text means once it is read."""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paretoformer.records.trial import Gene as Value

Names = Mapping[str, Value]
"""Value of each name that a rule uses."""

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Uncomputable(Exception):
    """A sentence that says why an expression has no value: a division by zero, or text where a number is needed."""


@dataclass(frozen=True)
class Constant:
    """A number, text, true or false."""

    value: Value

    def names(self) -> Iterator[str]:
        """None."""
        return iter(())

    def evaluate(self, names: Names) -> Value:
        """The value."""
        return self.value

    def shown(self, names: Names) -> str:
        """As written."""
        return shown(self.value)


@dataclass(frozen=True)
class Name:
    """An address or a count."""

    name: str

    def names(self) -> Iterator[str]:
        """Itself."""
        yield self.name

    def evaluate(self, names: Names) -> Value:
        """The value of that name."""
        return names[self.name]

    def shown(self, names: Names) -> str:
        """The value."""
        return shown(names[self.name])


@dataclass(frozen=True)
class Arithmetic:
    """`left operator right` on numbers."""

    operator: str
    left: "Quantity"
    right: "Quantity"

    def names(self) -> Iterator[str]:
        """Of both sides."""
        yield from self.left.names()
        yield from self.right.names()

    def evaluate(self, names: Names) -> Value:
        """The result.

        Raises:
            Uncomputable: a side is no number, or the result is not defined.
        """
        left, right = self.left.evaluate(names), self.right.evaluate(names)
        if isinstance(left, str) or isinstance(right, str):
            raise Uncomputable(f"{self.shown(names)} is not a calculation with numbers")
        try:
            result: Value = ARITHMETIC[self.operator](left, right)
        except ZeroDivisionError:
            raise Uncomputable(f"{self.shown(names)} divides by zero") from None
        except OverflowError:
            raise Uncomputable(f"{self.shown(names)} is too large a number") from None
        return result

    def shown(self, names: Names) -> str:
        """With values in place of names."""
        sides = (
            f"({s.shown(names)})" if isinstance(s, Arithmetic) else s.shown(names) for s in (self.left, self.right)
        )
        return f" {self.operator} ".join(sides)


@dataclass(frozen=True)
class Comparison:
    """`first op second op third`, each neighbouring pair compared."""

    operators: tuple[str, ...]
    sides: tuple["Quantity", ...]

    def names(self) -> Iterator[str]:
        """Of all sides."""
        for side in self.sides:
            yield from side.names()

    def evaluate(self, names: Names) -> bool:
        """Whether every pair holds."""
        return self._broken(names) is None

    def shown(self, names: Names) -> str:
        """The first pair that does not hold, with values; all sides where every pair does."""
        at = self._broken(names)
        sides = self.sides if at is None else self.sides[at : at + 2]
        facts = [_fact(side, names) for side in sides if not isinstance(side, Constant)]
        return " and ".join(facts) or "it compares constants"

    def _broken(self, names: Names) -> int | None:
        values = [side.evaluate(names) for side in self.sides]
        for at, sign in enumerate(self.operators):
            left, right = values[at], values[at + 1]
            if sign not in ("==", "!=") and isinstance(left, str) != isinstance(right, str):
                raise Uncomputable(f"{shown(left)} {sign} {shown(right)} compares text with a number")
            if not COMPARISONS[sign](left, right):
                return at
        return None


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    condition: "Condition"

    def names(self) -> Iterator[str]:
        """Of the condition."""
        return self.condition.names()

    def evaluate(self, names: Names) -> bool:
        """Whether the condition does not hold."""
        return not self.condition.evaluate(names)

    def shown(self, names: Names) -> str:
        """The condition with values."""
        return _why(self.condition, names)


@dataclass(frozen=True)
class Junction:
    """Conditions joined by `and` (`every`) or by `or`."""

    every: bool
    conditions: tuple["Condition", ...]

    def names(self) -> Iterator[str]:
        """Of all conditions."""
        for condition in self.conditions:
            yield from condition.names()

    def evaluate(self, names: Names) -> bool:
        """Whether all, or any, hold; stops where that is known."""
        held = (bool(condition.evaluate(names)) for condition in self.conditions)
        return all(held) if self.every else any(held)

    def shown(self, names: Names) -> str:
        """Those conditions that settle it, with values."""
        deciding = [c for c in self.conditions if bool(c.evaluate(names)) != self.every] or list(self.conditions)
        return " and ".join(dict.fromkeys(_why(c, names) for c in (deciding[:1] if self.every else deciding)))


Quantity = Constant | Name | Arithmetic
Condition = Comparison | Not | Junction | Name


def explanation(condition: Condition, names: Names) -> str | None:
    """Why a condition does not hold, with the values; None where it does."""
    try:
        return None if condition.evaluate(names) else _why(condition, names)
    except Uncomputable as error:
        return str(error)


def shown(value: Value) -> str:
    """A value in a sentence: counts with thousands marked, text bare."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return f"{value:g}" if isinstance(value, float) else value


def _why(condition: Condition, names: Names) -> str:
    return _fact(condition, names) if isinstance(condition, Name) else condition.shown(names)


def _fact(side: Quantity, names: Names) -> str:
    left = side.name if isinstance(side, Name) else side.shown(names)
    return f"{left} is {shown(side.evaluate(names))}"

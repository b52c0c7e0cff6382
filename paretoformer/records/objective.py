"""Objectives and constraints as people write them: `accuracy, -latency[cpu]` and `latency <= 5 ms`."""

import re
from dataclasses import dataclass

from paretoformer.records.costs import COSTS
from paretoformer.records.errors import UserError
from paretoformer.records.target import Target, parse_target
from paretoformer.records.units import Quantity, parse_quantity, show

_NAME = r"(?P<name>[A-Za-z_]\w*(?:-\w+)*(?:\[\d+\])?)\s*(?:\[(?P<target>[^\]]+)\])?"
"""A name may have hyphens and end in the size that a metric is of, `exact-match[12]`; no target is a number."""
_OBJECTIVE = re.compile(rf"\s*(?P<sign>[+-]?)\s*{_NAME}\s*")
_CONSTRAINT = re.compile(rf"\s*{_NAME}\s*(?P<op><=|>=|<|>)\s*(?P<bound>.+?)\s*")


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A metric to raise or, where `minimise`, a cost or error to lower, on one target or on every target of the study."""

    name: str
    minimise: bool
    target: Target | None = None

    def __str__(self) -> str:
        where = f"[{self.target}]" if self.target else ""
        return f"{'-' if self.minimise else ''}{self.name}{where}"


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """An upper or lower bound, in the base unit, on a metric or a cost."""

    name: str
    upper: bool
    bound: float
    unit: str
    target: Target | None = None

    def violation(self, value: float) -> float:
        """How far `value` is beyond the bound, relative to the bound; at most 0 where it holds."""
        excess = value - self.bound if self.upper else self.bound - value
        return excess / abs(self.bound) if self.bound else excess

    def __str__(self) -> str:
        where = f"[{self.target}]" if self.target else ""
        return f"{self.name}{where} {'<=' if self.upper else '>='} {show(self.bound, self.unit)}"


def parse_objectives(text: str) -> tuple[Objective, ...]:
    """Read a comma-separated list; a leading minus means smaller is better.

    Raises:
        UserError: nothing there, a part that cannot be read, the same objective twice, or a cost without its minus.
    """
    found: list[Objective] = []
    for part in _split(text):
        match = _OBJECTIVE.fullmatch(part)
        if match is None:
            raise UserError(
                f"'{part.strip()}' is not an objective; write a metric or a cost with a minus, as in \"accuracy, -latency\"."
            )
        name, minimise = match["name"], match["sign"] == "-"
        if name in COSTS and not minimise:
            raise UserError(f"'{name}' is a cost, and a search lowers costs; write -{name}.")
        found.append(Objective(name=name, minimise=minimise, target=_target(name, match["target"])))
    seen: set[tuple[str, Target | None]] = set()
    for objective in found:
        key = (objective.name, objective.target)
        if key in seen:
            raise UserError(f"'{text}' names {objective.name} twice; name each objective once.")
        seen.add(key)
    if not found:
        raise UserError('No objective was given; write for example "accuracy, -latency".')
    return tuple(found)


def parse_constraint(text: str) -> Constraint:
    """Read one bound such as `params <= 2e6`, `latency[cpu] <= 5ms` or `accuracy >= 95%`.

    Raises:
        UserError: it cannot be read, or the unit is not one of the quantity's.
    """
    match = _CONSTRAINT.fullmatch(text)
    if match is None or not match["bound"].strip():
        raise UserError(
            f"'{text.strip()}' is not a constraint; write NAME <= BOUND or NAME >= BOUND, as in \"params <= 2e6\"."
        )
    quantity = parse_quantity(match["bound"])
    unit = _checked_unit(match["name"], quantity, text)
    return Constraint(
        name=match["name"],
        upper=match["op"].startswith("<"),
        bound=quantity.value,
        unit=unit,
        target=_target(match["name"], match["target"]),
    )


def parse_constraints(text: str) -> tuple[Constraint, ...]:
    """Read bounds joined by `and` or commas."""
    return tuple(parse_constraint(part) for part in re.split(r"\s+and\s+|,", text))


def _split(text: str) -> list[str]:
    return [part for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def _target(name: str, text: str | None) -> Target | None:
    if text is None:
        return None
    if name not in COSTS or not COSTS[name].per_target:
        raise UserError(f"'{name}[{text}]': {name} does not depend on a target; write {name}.")
    return parse_target(text)


def _checked_unit(name: str, quantity: Quantity, text: str) -> str:
    wanted = COSTS[name].unit if name in COSTS else ""
    if wanted and not quantity.unit:
        example = {"s": "5ms", "B": "2MB", "J": "3mJ"}[wanted]
        raise UserError(f"'{text.strip()}' needs a unit, as in {example}.")
    if quantity.unit and name not in COSTS:
        having = ", ".join(cost.name for cost in COSTS.values() if cost.unit)
        raise UserError(f"'{text.strip()}': {name} is not a cost that has a unit; those are {having}.")
    if quantity.unit != wanted:
        named = {"": "a plain number", "s": "a time", "B": "bytes", "J": "an energy"}
        raise UserError(f"'{text.strip()}': {name} is {named[wanted]}, and the bound is {named[quantity.unit]}.")
    return wanted

"""The rule language: Python's expression syntax, cut down to arithmetic and comparisons, never evaluated by Python."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property

from paretoformer.records.errors import UserError
from paretoformer.records.units import SCALES, parse_quantity
from paretoformer.search_spaces.expressions import (
    Arithmetic,
    Comparison,
    Condition,
    Constant,
    Junction,
    Name,
    Not,
    Quantity,
)

LONGEST = 500
"""Characters of a rule."""
ALLOWED = (
    "a rule compares (== != < <= > >=) numbers with optional units, 'text', addresses and counts, "
    "calculated with + - * / // % and joined by and, or, not"
)

_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_UNITS = "|".join(sorted((unit for unit in SCALES if unit.isalpha()), key=len, reverse=True))
_WITH_UNIT = re.compile(
    rf"""'[^']*'|"[^"]*"|(?P<quantity>(?<![\w.])[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?\s*(?:{_UNITS})\b)"""
)


@dataclass(frozen=True)
class Rule:
    """A condition with the text that it was read from."""

    text: str
    condition: Condition

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Addresses and counts that it uses, each once."""
        return tuple(dict.fromkeys(self.condition.names()))

    def __str__(self) -> str:
        return self.text


def parse_rule(text: str, where: str) -> Rule:
    """Read a rule or a `when`; `where` names its place in errors.

    Raises:
        UserError: anything outside the language, saying what is allowed.
    """
    if len(text) > LONGEST:
        raise UserError(f"{where}: a rule has at most {LONGEST} characters, and this one has {len(text)}.")
    try:
        tree = ast.parse(_without_units(text).strip(), mode="eval")
        return Rule(text.strip(), _condition(tree.body))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = f"{error}; " if isinstance(error, _NotAllowed) else ""
        raise UserError(f"{where}: '{text}' is not a rule; {what}{ALLOWED}.") from error


class _NotAllowed(ValueError):
    """A part of Python that is no part of the language."""


def _without_units(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        if match["quantity"] is None:
            return match[0]
        value = parse_quantity(match["quantity"]).value
        return str(int(value)) if value == int(value) else repr(value)

    return _WITH_UNIT.sub(plain, text)


def _condition(node: ast.expr) -> Condition:
    if isinstance(node, ast.BoolOp):
        return Junction(isinstance(node.op, ast.And), tuple(_condition(value) for value in node.values))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return Not(_condition(node.operand))
    if isinstance(node, ast.Compare):
        signs = [_COMPARISONS.get(type(sign)) for sign in node.ops]
        if None in signs:
            raise _NotAllowed(f"'{ast.unparse(node)}' uses another comparison")
        return Comparison(
            tuple(s for s in signs if s), tuple(_quantity(side) for side in (node.left, *node.comparators))
        )
    if isinstance(node, ast.Name | ast.Attribute):
        return Name(_address(node))
    raise _NotAllowed(f"'{ast.unparse(node)}' compares nothing")


def _quantity(node: ast.expr) -> Quantity:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str):
        return Constant(node.value)
    if isinstance(node, ast.Name) and node.id in ("true", "false"):
        return Constant(node.id == "true")
    if isinstance(node, ast.Name | ast.Attribute):
        return Name(_address(node))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _quantity(node.operand)
        if isinstance(inner, Constant) and isinstance(inner.value, int | float):
            return Constant(-inner.value)
        return Arithmetic("-", Constant(0), inner)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return Arithmetic(_ARITHMETIC[type(node.op)], _quantity(node.left), _quantity(node.right))
    raise _NotAllowed(f"'{ast.unparse(node)}' is not allowed")


def _address(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_address(node.value)}.{node.attr}"
    raise _NotAllowed(f"'{ast.unparse(node)}' is not an address")

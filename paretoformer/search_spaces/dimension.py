"""One dimension of a space: an address, the values it takes, and where it holds."""

from dataclasses import dataclass
from typing import Any, Literal

from paretoformer.search_spaces.domain import Domain
from paretoformer.search_spaces.rules import Rule

Per = Literal["model", "stack", "layer"]
PERS: tuple[Per, ...] = ("model", "stack", "layer")


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """`address` is `stack.path`, or `path` alone for a value of every stack that has none of its own.

    `per` says how many values a model has of it: one, one a stack, or one a layer.
    `when` is the condition under which it is a choice at all; where it does not hold, defaults apply.
    With a `partner`, the address of another dimension, it is no choice: its value has the place that the other's has.
    """

    address: str
    stack: str | None
    per: Per
    domain: Domain
    when: Rule | None = None
    partner: str | None = None

    @property
    def fixed(self) -> bool:
        """Whether there is one value only."""
        return self.domain.size == 1

    def key(self, stack: str | None, layer: int | None) -> str:
        """Name of its value in that stack and layer."""
        shared = self.per == "model" or self.stack is not None
        name = self.address if shared else f"{stack}.{self.address}"
        return f"{name}[{layer}]" if self.per == "layer" else name

    def to_json(self) -> dict[str, Any]:
        """Everything but the address, in one spelling."""
        value: dict[str, Any] = {"values": self.domain.to_json(), "per": self.per}
        if self.partner is not None:
            value["with"] = self.partner
        return value if self.when is None else {**value, "when": self.when.text}

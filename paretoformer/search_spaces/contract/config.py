"""The config of a choice: a frozen dataclass that knows its JSON, its cost and its limits."""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.field_types import as_type, described, takes
from paretoformer.search_spaces.contract.site import Site

if TYPE_CHECKING:
    from paretoformer.search_spaces.registry import Choice


@dataclass(frozen=True, kw_only=True)
class ChoiceConfig:
    """One option of one dimension. Subclasses add fields with defaults that never change.

    `parameters` and `macs` are exact; the conformance suite compares them with the built module.
    """

    choice: ClassVar["Choice"]
    """Set by registration: kind, name, papers, capabilities, revision."""

    def canonical(self) -> Self:
        """The one spelling among equivalent configs; itself unless fields overlap."""
        return self

    def field_problems(self) -> Iterator[str]:
        """Sentences about values that no site could take.

        A field takes what its annotation says. Its numbers are above 0, or at least `metadata["least"]` of the field,
        and at most `metadata["most"]` where that is given.
        """
        for item in fields(self):
            value, least, most = getattr(self, item.name), item.metadata.get("least"), item.metadata.get("most")
            about = f"{self.choice.kind} {self.choice.name} has {item.name} {value!r}"
            if not takes(item.type, value):
                yield f"{about}, and it takes {described(item.type)}"
            elif isinstance(value, int | float) and not isinstance(value, bool):
                if least is None and value <= 0:
                    yield f"{about}, and it must be above 0"
                elif least is not None and value < least:
                    yield f"{about}, and it must be at least {least}"
                elif most is not None and value > most:
                    yield f"{about}, and it must be at most {most}"

    def problems(self, site: Site) -> Iterator[str]:
        """Sentences that say why this config cannot stand at `site`, naming both sides; none where it can."""
        return iter(())

    def parameters(self, site: Site) -> int:
        """Trainable and fixed parameters of the built module."""
        return 0

    def table_parameters(self, site: Site) -> int:
        """Those of `parameters` that are rows looked up by token or position."""
        return 0

    def macs(self, site: Site, length: int) -> int:
        """Multiply-accumulates for one sequence of `length` tokens: matrix products and convolutions."""
        return 0

    def additions(self, site: Site, length: int) -> int:
        """Those of `macs` in which nothing is multiplied: one factor is 1 or -1."""
        return 0

    def step_macs(self, site: Site, context: int) -> int:
        """Multiply-accumulates of decoding one token after `context` others; by default what `macs` grows by."""
        return self.macs(site, context + 1) - self.macs(site, context)

    def step_additions(self, site: Site, context: int) -> int:
        """Those of `step_macs` in which nothing is multiplied."""
        return 0

    def weights_read(self, site: Site, tokens: int) -> int:
        """Those of `parameters` that a pass over `tokens` tokens reads; all of them, unless tokens choose."""
        return self.parameters(site)

    def state_bytes(self, site: Site, length: int) -> int:
        """Bytes of fp32 state that decoding keeps for one sequence after `length` tokens."""
        return 0

    def to_json(self) -> dict[str, Any]:
        """`{"name": ..., changed fields}`: fields at their default are left out; the revision is there above 1."""
        own = self.canonical()
        value: dict[str, Any] = {"name": own.choice.name}
        if own.choice.revision > 1:
            value["revision"] = own.choice.revision
        for item in fields(own):
            current = getattr(own, item.name)
            if item.default is MISSING or current != item.default:
                value[item.name] = as_type(item.type, current)
        return value


def those_with(kind: type[ChoiceConfig], capability: Capability, *, has: bool = True) -> str:
    """The choices of a kind that have a capability, or have not, as the end of a sentence that refuses another."""
    every = [config.choice for config in _registered(kind)]
    able = (choice for choice in every if (capability in choice.capabilities) == has)
    names = sorted(choice.name for choice in able if Capability.BY_CONVERSION not in choice.capabilities)
    return f"{every[0].kind}s that can: {', '.join(names)}"


def _registered(kind: type[ChoiceConfig]) -> Iterator[type[ChoiceConfig]]:
    if "choice" in vars(kind):
        yield kind
    for narrower in kind.__subclasses__():
        yield from _registered(narrower)

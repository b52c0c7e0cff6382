"""Cells: every value that a point of a space may have, with the conditions under which it has it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paretoformer.records.trial import Gene as Value
from paretoformer.search_spaces.domain import Domain
from paretoformer.search_spaces.expressions import Condition, explanation

TOPOLOGY = "topology"
"""Key of the cell that names the topology."""

Known = dict[str, Value]
"""Value by cell key of the active cells seen so far, fixed ones included."""


@dataclass(frozen=True, kw_only=True)
class Gene:
    """One number of the flat box: a cell with a choice to make. `layer` counts from 0."""

    key: str
    address: str
    domain: Domain
    stack: str | None = None
    layer: int | None = None


@dataclass(frozen=True)
class Use:
    """A slot that a cell fills, and what has to hold for the slot to exist; empty parts always hold.

    The topology is one of `topologies`; the value of cell `depth` is above `layer`; the choice in cell `owner`
    (or `default` where that cell is inactive) is one of `holders`.
    """

    topologies: frozenset[str] | None = None
    depth: str | None = None
    layer: int = 0
    owner: str | None = None
    default: str | None = None
    holders: frozenset[str] = frozenset()

    def holds(self, known: Known) -> bool:
        """Whether the slot exists."""
        return (
            (self.topologies is None or known[TOPOLOGY] in self.topologies)
            and (self.depth is None or int(known[self.depth]) > self.layer)
            and (self.owner is None or known.get(self.owner, self.default) in self.holders)
        )

    def needs(self) -> Iterator[str]:
        """Cells that it depends on."""
        if self.topologies is not None:
            yield TOPOLOGY
        yield from (key for key in (self.depth, self.owner) if key is not None)


@dataclass(frozen=True)
class Binding:
    """Which cell each name of a rule means in one stack and layer."""

    stack: str | None
    layer: int | None
    keys: Mapping[str, str]

    def read(self, known: Known) -> Known | None:
        """Value of each name, or None where one is inactive."""
        if not all(key in known for key in self.keys.values()):
            return None
        return {name: known[key] for name, key in self.keys.items()}


@dataclass(frozen=True)
class When:
    """A condition that holds if it does in one of its bindings; an inactive name makes it false there."""

    condition: Condition
    bindings: tuple[Binding, ...]

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        for binding in self.bindings:
            names = binding.read(known)
            if names is not None and explanation(self.condition, names) is None:
                return True
        return False


@dataclass(frozen=True)
class Tie:
    """Values by the value of the cell at `key`."""

    key: str
    values: Mapping[Value, Value]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value at `gene.key`: active if one of its uses holds, and `when`, and what it is tied to is active."""

    gene: Gene
    uses: tuple[Use, ...]
    when: When | None = None
    tie: Tie | None = None

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to choose."""
        return self.tie is not None or self.gene.domain.size == 1

    def forced(self, known: Known) -> Value:
        """The value of an active cell that is fixed."""
        return self.gene.domain.neutral if self.tie is None else self.tie.values[known[self.tie.key]]

    def active(self, known: Known) -> bool:
        """Whether a point with these values has it."""
        if self.tie is not None and self.tie.key not in known:
            return False
        return any(use.holds(known) for use in self.uses) and (self.when is None or self.when.holds(known))

    def needs(self) -> frozenset[str]:
        """Cells that it depends on."""
        read = (key for binding in (self.when.bindings if self.when else ()) for key in binding.keys.values())
        tied = () if self.tie is None else (self.tie.key,)
        return frozenset(read).union(tied, *(use.needs() for use in self.uses))

"""The search space: what may be chosen, sampled, counted, turned into architectures and explained."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paretoformer.records.canonical import digest
from paretoformer.records.errors import InvalidArchitecture, UserError
from paretoformer.records.signature import Signature
from paretoformer.records.trial import Gene as Value
from paretoformer.records.trial import Point
from paretoformer.search_spaces.cell_order import ordered_cells
from paretoformer.search_spaces.cells import Gene, Known
from paretoformer.search_spaces.decode import Candidate, candidate
from paretoformer.search_spaces.dimension import Dimension
from paretoformer.search_spaces.explain import BoundRule, bound, sentences
from paretoformer.search_spaces.flat_box import FlatBox
from paretoformer.search_spaces.layout import Layout
from paretoformer.search_spaces.rules import Rule
from paretoformer.search_spaces.space_checks import check_layout, check_rule
from paretoformer.search_spaces.space_dimensions import read_dimensions, read_rules
from paretoformer.search_spaces.space_file import parse_space_file
from paretoformer.search_spaces.suitability import unfit


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """Dimensions and rules. A point gives a value to every active gene, and to no other."""

    name: str
    title: str
    dimensions: tuple[Dimension, ...]
    rules: tuple[Rule, ...]
    source: Mapping[str, Any]
    """What it was read from, as plain JSON."""

    @staticmethod
    def from_dict(value: Mapping[str, Any], where: str | None = None) -> "SearchSpace":
        """Make a space of what a space file holds; `where` names the file in errors.

        Raises:
            UserError: anything in it that cannot be, with its place and what could stand there.
        """
        where = where or f"space {value.get('name', '?')}"
        given = parse_space_file(dict(value), where)
        space = SearchSpace(
            name=given.name,
            title=given.title,
            dimensions=read_dimensions(given, where),
            rules=read_rules(given, where),
            source=dict(value),
        )
        layout = Layout(space.dimensions, where)
        check_layout(layout)
        ordered_cells(layout)
        for rule in space.rules:
            check_rule(layout, rule, f"{where}: rule {rule}")
        for dimension in space.dimensions:
            if dimension.when is not None:
                check_rule(layout, dimension.when, f"{where}: {dimension.address}: when")
        return space

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads back."""
        return dict(self.source)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "SearchSpace":
        """Read what `to_json` wrote."""
        return SearchSpace.from_dict(value)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over dimensions and rules: equal for spaces that offer the same, whatever their name or order."""
        dimensions = {dimension.address: dimension.to_json() for dimension in self.dimensions}
        return digest({"dimensions": dimensions, "rules": sorted(rule.text for rule in self.rules)})

    @property
    def genes(self) -> tuple[Gene, ...]:
        """Everything there is to choose, active or not: the flat box."""
        return self._box.genes

    def sample(self, rng: random.Random) -> Point:
        """A point, each active gene drawn on its own; rules are not looked at."""
        return self._box.sample(rng)

    def mutate(self, point: Point, rng: random.Random) -> Point:
        """A neighbour with at least one gene changed, newly active genes drawn and inactive ones dropped."""
        return self._box.mutate(point, rng)

    def crossover(self, first: Point, second: Point, rng: random.Random) -> Point:
        """A child that takes each gene from either parent."""
        return self._box.crossover(first, second, rng)

    def fill(self, point: Mapping[str, Value]) -> Point:
        """A value for every gene; inactive ones show the first of their values."""
        return self._box.fill(point)

    def trim(self, full: Mapping[str, Value]) -> Point:
        """The active genes of a full point."""
        return self._box.trim(full)

    def encode(self, point: Mapping[str, Value]) -> list[float]:
        """One number on [0, 1] for each gene: index of a choice over the last index, or place in a range."""
        return self._box.encode(point)

    def count(self) -> int | None:
        """Number of distinct points before rules; None where a gene takes any real number."""
        return self._box.count()

    def enumerate(self, limit: int = 10_000) -> Iterator[Point]:
        """Every point once, before rules.

        Raises:
            UserError: there are more than `limit`.
        """
        number = self.count()
        if number is None or number > limit:
            many = "endlessly many" if number is None else f"{number:,}"
            raise UserError(f"space {self.name} has {many} points, and at most {limit:,} can be listed; sample it.")
        return self._box.enumerate()

    def decode(self, point: Mapping[str, Value]) -> Candidate:
        """The architecture and recipe of a point; inactive genes that it holds are passed over.

        Raises:
            InvalidArchitecture: an active gene is missing, or has a value that the space does not offer.
        """
        return candidate(self._layout, self._known(point))

    def explain(self, point: Mapping[str, Value], signature: Signature) -> tuple[str, ...]:
        """Why a point cannot be built for a task or is ruled out, one sentence for each reason; empty where it can."""
        known = self._known(point)
        architecture = candidate(self._layout, known).architecture
        problems = architecture.problems(signature)
        counted = None if problems else (architecture, signature)
        return (*sentences(self._bound_rules, known, counted), *problems)

    def fits(self, signature: Signature) -> bool:
        """Whether some topology and stem of the space can serve a task."""
        return unfit(self._layout, signature) is None

    def check(self, signature: Signature) -> None:
        """Make sure that the space fits a task.

        Raises:
            UserError: no topology and stem of it can serve the task; names the spaces that can.
        """
        reason = unfit(self._layout, signature)
        if reason is not None:
            from paretoformer.search_spaces.catalogue import spaces_for

            fitting = ", ".join(spaces_for(signature)) or "none"
            raise UserError(f"space {self.name} {reason}; spaces for it: {fitting}.")

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.dimensions, f"space {self.name}")

    @cached_property
    def _box(self) -> FlatBox:
        return FlatBox(ordered_cells(self._layout))

    @cached_property
    def _bound_rules(self) -> tuple[BoundRule, ...]:
        return tuple(bound(rule, self._layout) for rule in self.rules)

    def _known(self, point: Mapping[str, Value]) -> Known:
        wrong: list[str] = []

        def supply(gene: Gene) -> Value:
            value = point.get(gene.key)
            if value is None:
                wrong.append(f"the point has no value for {gene.key}")
            elif value not in gene.domain:
                wrong.append(f"{gene.key} is {value}, and space {self.name} offers {gene.domain}")
            return gene.domain.neutral if value is None else value

        known = self._box.walk(supply)
        if wrong:
            raise InvalidArchitecture(wrong)
        return known

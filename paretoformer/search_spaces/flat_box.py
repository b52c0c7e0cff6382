"""The flat box of a space: points as engines see them, and how points are made from points."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from paretoformer.records.trial import Gene as Value
from paretoformer.records.trial import Point
from paretoformer.search_spaces.cells import Cell, Gene, Known
from paretoformer.search_spaces.point_count import count_points


@dataclass(frozen=True)
class FlatBox:
    """Cells in an order in which each comes after those that decide whether it is active."""

    cells: tuple[Cell, ...]

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """What there is to choose, active or not, in the order of the cells."""
        return tuple(cell.gene for cell in self.cells if not cell.fixed)

    def walk(self, supply: Callable[[Gene], Value]) -> Known:
        """Values of all active cells; `supply` is asked for each active gene in turn."""
        known: Known = {}
        for cell in self.cells:
            if cell.active(known):
                gene = cell.gene
                known[gene.key] = cell.forced(known) if cell.fixed else supply(gene)
        return known

    def point(self, supply: Callable[[Gene], Value]) -> Point:
        """The point that `supply` leads to."""
        known = self.walk(supply)
        return {gene.key: known[gene.key] for gene in self.genes if gene.key in known}

    def sample(self, rng: random.Random) -> Point:
        """A point, each active gene drawn on its own."""
        return self.point(lambda gene: gene.domain.sample(rng))

    def mutate(self, point: Point, rng: random.Random) -> Point:
        """A neighbour: one gene in expectation and at least one changed, newly active ones drawn."""
        active = [gene.key for gene in self.genes if gene.key in point]
        if not active:
            return dict(point)
        sure = rng.choice(active)
        changed = {key for key in active if key == sure or rng.random() < 1 / len(active)}

        def supply(gene: Gene) -> Value:
            if gene.key not in point:
                return gene.domain.sample(rng)
            value = point[gene.key]
            return gene.domain.other(value, rng) if gene.key in changed else value

        return self.point(supply)

    def crossover(self, first: Point, second: Point, rng: random.Random) -> Point:
        """A child that takes each gene from either parent; genes that neither has are drawn."""

        def supply(gene: Gene) -> Value:
            values = [parent[gene.key] for parent in (first, second) if gene.key in parent]
            return rng.choice(values) if values else gene.domain.sample(rng)

        return self.point(supply)

    def fill(self, point: Mapping[str, Value]) -> Point:
        """A value for every gene; inactive ones show their first value."""
        return {gene.key: point.get(gene.key, gene.domain.neutral) for gene in self.genes}

    def trim(self, full: Mapping[str, Value]) -> Point:
        """The active genes of a full point."""
        return self.point(lambda gene: full[gene.key])

    def encode(self, point: Mapping[str, Value]) -> list[float]:
        """One number on [0, 1] for each gene: the index of a choice or the place in a range."""
        full = self.fill(point)
        return [gene.domain.encode(full[gene.key]) for gene in self.genes]

    def count(self) -> int | None:
        """Number of distinct points; None where a gene takes any real number."""
        return count_points(self.cells)

    def enumerate(self) -> Iterator[Point]:
        """Every point once, later genes fastest; for domains that can be listed."""
        choices: list[list[Value]] = []

        def supply(gene: Gene) -> Value:
            if len(choices) == asked[0]:
                choices.append(list(gene.domain.values()))
            asked[0] += 1
            return choices[asked[0] - 1][0]

        asked = [0]
        while True:
            asked[0] = 0
            yield self.point(supply)
            while choices and len(choices[-1]) == 1:
                choices.pop()
            if not choices:
                return
            choices[-1].pop(0)

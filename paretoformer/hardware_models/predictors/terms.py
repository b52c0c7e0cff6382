"""Products of features that costs of transformers are made of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from paretoformer.hardware_models.tables.features import FeatureKind, Features, Floats

MOST_TERMS = 2_000
"""Terms that are looked at, simple ones first."""
MANY_NUMBERS = 8
"""Numbers from which only plain products are made of them."""
MANY_MONOMIALS = 6
"""Numbers of which all products with powers up to 2 are made."""


@dataclass(frozen=True)
class Factor:
    """A feature to a power (1, 2 or -1), or what it is below `bound`."""

    feature: str
    power: int = 1
    bound: float | None = None

    def __str__(self) -> str:
        if self.bound is not None:
            return f"({self.bound:g} - {self.feature})"
        return self.feature if self.power == 1 else f"{self.feature}^{self.power}"

    def of(self, column: Floats) -> Floats:
        """The factor of each row."""
        if self.bound is not None:
            return np.maximum(self.bound - column, 0.0)
        if self.power < 0:
            return np.maximum(column, np.finfo(np.float64).tiny) ** self.power
        return column if self.power == 1 else column**self.power


Term = tuple[Factor, ...]
"""A product; the empty one is 1."""


def written(term: Term) -> str:
    """As people write it."""
    return " x ".join(map(str, term)) or "1"


def values(features: Features, terms: Sequence[Term]) -> Floats:
    """Each term of each row, (n, terms)."""
    at = {name: place for place, name in enumerate(features.names)}
    made: dict[Factor, Floats] = {}
    found = np.ones((len(features), len(terms)))
    for place, term in enumerate(terms):
        for factor in term:
            if factor not in made:
                made[factor] = factor.of(features.values[:, at[factor.feature]])
            found[:, place] *= made[factor]
    return found


def natural_terms(features: Features) -> list[Term]:
    """The terms of a table's features, at most `MOST_TERMS`: single ones first, then products of two, three and four.

    Numbers (width, length, batch) multiply one another, their squares and inverses; sums over layers are multiplied by
    numbers; whether a row has a level of a category switches numbers, sums and other levels.
    """
    taken: dict[Term, None] = {}
    for term in _in_order(_distinct(features)):
        taken.setdefault(term)
        if len(taken) == MOST_TERMS:
            break
    return list(taken)


def _distinct(features: Features) -> Features:
    """Without features that are the same everywhere, and of those that are equal in every row only the first."""
    first: dict[bytes, int] = {}
    for place, column in enumerate(features.values.T):
        if np.ptp(column) > 0:
            first.setdefault(column.tobytes(), place)
    return features.columns(list(first.values()))


def _in_order(features: Features) -> Iterator[Term]:
    numbers = _names(features, FeatureKind.NUMBER)
    sums, hats = ([Factor(name) for name in _names(features, kind)] for kind in (FeatureKind.SUM, FeatureKind.HAT))
    levels = [Factor(name) for name in _names(features, FeatureKind.LEVEL)]
    places = [Factor(name) for name in _names(features, FeatureKind.PLACE_LEVEL)]
    plain = [Factor(name) for name in numbers]
    bases = list(_bases(features, numbers))
    yield ()
    yield from ((factor,) for factor in (*bases, *sums, *hats, *levels, *places))
    yield from _pairs(plain if len(numbers) > MANY_NUMBERS else bases)
    yield from product(sums, bases)
    yield from product(levels, (*bases, *sums))
    yield from combinations(plain, 3)
    yield from ((one, *two) for one in sums for two in combinations(plain, 2))
    yield from _pairs(levels)
    yield from product(sums, hats)
    yield from product(hats, plain)
    yield from _monomials(plain)
    squares = [factor for factor in bases if factor.power == 2]
    yield from ((one, *two) for one in sums for two in product(plain, squares) if two[0].feature != two[1].feature)
    yield from _pairs(hats)
    yield from _pairs(places)


def _monomials(plain: Sequence[Factor]) -> Iterator[Term]:
    """Products of several numbers or their squares, of low degree first."""
    few = plain[:MANY_MONOMIALS]
    powers = sorted(product((0, 1, 2), repeat=len(few)), key=lambda each: (sum(each), sorted(each, reverse=True)))
    for each in powers:
        yield tuple(Factor(factor.feature, power) for factor, power in zip(few, each, strict=True) if power)


def _bases(features: Features, numbers: Sequence[str]) -> Iterator[Factor]:
    hatted = {name.rpartition("=")[0] for name in _names(features, FeatureKind.HAT)}
    for name in numbers:
        column = features.values[:, features.names.index(name)]
        yield Factor(name)
        if np.any(column**2 != column):
            yield Factor(name, power=2)
        if column.min() > 0:
            yield Factor(name, power=-1)
        if name not in hatted:
            yield Factor(name, bound=float(column.max()))


def _pairs(factors: Iterable[Factor]) -> Iterator[Term]:
    """Products of two that are not of one feature; of categories, not of one column."""
    for one, two in combinations(factors, 2):
        if one.feature != two.feature and _column(one) != _column(two):
            yield one, two


def _column(factor: Factor) -> str:
    return factor.feature.rpartition("=")[0] or factor.feature


def _names(features: Features, kind: FeatureKind) -> list[str]:
    return [name for name, its in zip(features.names, features.kinds, strict=True) if its is kind]

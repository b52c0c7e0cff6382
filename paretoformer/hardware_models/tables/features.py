"""What predictors learn from: named numbers, a row for each architecture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class FeatureKind(StrEnum):
    """Where a feature comes from, which says what a predictor may do with it.

    A *level* is 1 where a category has a value; a *hat* is the same for a number of few values, and falls in a straight line
    to 0 at the values beside it. A *sum* is taken over layers, or over columns that are alike; a *place* belongs to one layer.
    """

    NUMBER = "number"
    HAT = "hat"
    LEVEL = "level"
    SUM = "sum"
    PLACE = "place"
    PLACE_LEVEL = "place level"


@dataclass(frozen=True, kw_only=True)
class Features:
    """`values` (n, k) with a name and a kind for each column; `depth` (n,) counts layers, None where that is unknown.

    `prior` (n,) is what a predictor of another device says of the same rows, None where there is none.
    """

    names: tuple[str, ...]
    kinds: tuple[FeatureKind, ...]
    values: Floats
    depth: Floats | None = None
    prior: Floats | None = None

    def __post_init__(self) -> None:
        assert self.values.shape[1] == len(self.names) == len(self.kinds), "a name and a kind for each column"

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: npt.NDArray[np.intp]) -> "Features":
        """Some of the rows, in the order of `index`."""
        depth = None if self.depth is None else self.depth[index]
        prior = None if self.prior is None else self.prior[index]
        return replace(self, values=self.values[index], depth=depth, prior=prior)

    def of(self, *kinds: FeatureKind) -> "Features":
        """The columns of these kinds."""
        places = [place for place, kind in enumerate(self.kinds) if kind in kinds]
        return self.columns(places)

    def named(self, names: Sequence[str]) -> "Features":
        """The columns of these names, in this order."""
        at = {name: place for place, name in enumerate(self.names)}
        return self.columns([at[name] for name in names])

    def columns(self, places: Sequence[int]) -> "Features":
        """The columns at these places, in this order."""
        return replace(
            self,
            names=tuple(self.names[place] for place in places),
            kinds=tuple(self.kinds[place] for place in places),
            values=self.values[:, list(places)],
        )

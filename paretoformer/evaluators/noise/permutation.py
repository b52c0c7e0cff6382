"""Sentences in another order."""

import numpy as np

from paretoformer.evaluators.noising import Ids, NoiseOptions, register_noise


@register_noise("permutation", order=0)
def permuted(ids: Ids, options: NoiseOptions, rng: np.random.Generator) -> Ids:
    """All sentences in a random order: (n,) -> (n,). Source: paper 4, section 2.2, and its published code."""
    parts = sentences(ids, options.stop)
    return np.concatenate([parts[place] for place in rng.permutation(len(parts))])


def sentences(ids: Ids, stop: int) -> list[Ids]:
    """The tokens cut behind each `stop` that follows none; what is left at the end is a sentence, too."""
    stops = ids == stop
    first = stops.copy()
    first[1:] &= ~stops[:-1]
    return [part for part in np.split(ids, np.flatnonzero(first) + 1) if len(part)]

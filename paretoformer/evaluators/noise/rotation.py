"""A text that begins somewhere in its middle."""

import numpy as np

from paretoformer.evaluators.noising import Ids, NoiseOptions, register_noise


@register_noise("rotation", order=3)
def rotated(ids: Ids, options: NoiseOptions, rng: np.random.Generator) -> Ids:
    """A token drawn alike from all comes first, and what stood before it last: (n,) -> (n,). Source: paper 4, section 2.2."""
    return np.roll(ids, -int(rng.integers(len(ids))))

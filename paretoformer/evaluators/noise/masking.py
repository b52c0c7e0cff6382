"""Tokens hidden behind a mask each."""

import numpy as np

from paretoformer.evaluators.noising import Ids, NoiseOptions, hidden, register_noise


@register_noise("masking", order=1, masks=True)
def masked(ids: Ids, options: NoiseOptions, rng: np.random.Generator) -> Ids:
    """A share `rate` of the tokens, rounded up, becomes the mask: (n,) -> (n,). Source: paper 4, section 2.2."""
    found = ids.copy()
    found[rng.permutation(len(ids))[: hidden(len(ids), options.rate)]] = options.mask
    return found

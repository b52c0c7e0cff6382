"""Tokens left out without a trace."""

import numpy as np

from paretoformer.evaluators.noising import Ids, NoiseOptions, hidden, register_noise


@register_noise("deletion", order=1)
def deleted(ids: Ids, options: NoiseOptions, rng: np.random.Generator) -> Ids:
    """A share `rate` of the tokens, rounded up, is left out: (n,) -> (n - k,). Source: paper 4, section 2.2."""
    return np.delete(ids, rng.permutation(len(ids))[: hidden(len(ids), options.rate)])

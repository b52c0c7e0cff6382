"""How well a permutation can be inverted by who reads only what came before."""


def in_place_ceiling(length: int, symbols: int) -> float:
    """The best accuracy of a causal model that answers where it reads the permuted tokens.

    At the k-th of d places k + 1 tokens are seen, and the wanted one is among them with probability (k + 1) / d; otherwise it is
    guessed from V. Mean over places: (d + 1) / (2 d) + (d - 1) / (2 d V). Source: paper 23, the argument of theorem 1.
    """
    return (length + 1) / (2 * length) + (length - 1) / (2 * length * symbols)


def visible_share(length: int) -> float:
    """The share of wanted tokens that such a model has seen, (d + 1) / (2 d)."""
    return (length + 1) / (2 * length)

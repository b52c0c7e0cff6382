"""What the algorithms send, in plain arithmetic."""

from dataclasses import dataclass
from enum import StrEnum

ACCUMULATED_BYTES = 4
"""Of a number in which gradients of keys and values are added up, where their own has fewer."""
AGREED_NUMBERS = 13
"""What ranks tell each other of their shards before a call, in 8 bytes each."""


class Algorithm(StrEnum):
    """A ring of keys and values, all of them gathered, or heads shared out."""

    RING = "ring"
    GATHER = "gather"
    HEADS = "heads"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Attention of `length` tokens in all over `ranks`."""

    ranks: int
    length: int
    heads: int
    kv_heads: int
    width: int
    batch: int = 1
    itemsize: int = 4
    """Bytes of a number."""

    def numbers(self, heads: int) -> int:
        """Of these heads on one rank."""
        return self.batch * heads * (self.length // self.ranks) * self.width


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Bytes that one rank sends to others; it receives as many."""

    forward: int
    backward: int


def volume(algorithm: Algorithm, sizes: Sizes) -> Volume:
    """By algorithm, for n = L / P tokens a rank; the same causal or not, and for either order of tokens.

    ring: 2 n Hkv d (P - 1) numbers, and back as many again and their gradients. gather: the same, and back the gradients
    alone. heads: 2 n (H + Hkv) d (P - 1) / P each way, the fewest from P = 3 on where Hkv = H.
    """
    others = sizes.ranks - 1
    block = 2 * sizes.numbers(sizes.kv_heads) * others
    given, accumulated = block * sizes.itemsize, block * max(ACCUMULATED_BYTES, sizes.itemsize)
    agreed = 8 * AGREED_NUMBERS * others
    match algorithm:
        case Algorithm.RING:
            return Volume(forward=agreed + given, backward=given + accumulated)
        case Algorithm.GATHER:
            return Volume(forward=agreed + given, backward=accumulated)
        case Algorithm.HEADS:
            moved = 2 * sizes.numbers(sizes.heads + sizes.kv_heads) // sizes.ranks * others * sizes.itemsize
            return Volume(forward=agreed + moved, backward=moved)

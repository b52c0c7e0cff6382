"""The longest sequence that a memory holds: attention alone, forward, its operands and what it makes."""

from dataclasses import replace

from paretoformer.kernels.distributed_attention.volume import ACCUMULATED_BYTES, Algorithm, Sizes


def memory(algorithm: Algorithm | None, sizes: Sizes) -> int:
    """Bytes on one rank; None: one device that holds all L x L scores once, the other operands beside them.

    Tiles of scores are left out: they do not grow with length.
    """
    query, key = sizes.numbers(sizes.heads), sizes.numbers(sizes.kv_heads)
    operands = (2 * query + 2 * key) * sizes.itemsize  # q and out, k and v
    merged = query * (2 * max(ACCUMULATED_BYTES, sizes.itemsize) + sizes.itemsize)  # before, after, and one more part
    match algorithm:
        case None:
            return operands + sizes.batch * sizes.heads * sizes.length**2 * sizes.itemsize
        case Algorithm.RING:
            return operands + merged + 2 * 2 * key * sizes.itemsize  # the block held, and the one that arrives
        case Algorithm.GATHER:
            return operands + merged + 2 * key * (1 + sizes.ranks) * sizes.itemsize
        case Algorithm.HEADS:
            return 2 * operands + merged


def longest(algorithm: Algorithm | None, sizes: Sizes, bytes_each: float) -> int:
    """The most tokens, a multiple of P, whose attention needs at most `bytes_each` on each rank; 0 if none.

    `sizes.length` is not looked at.
    """
    ranks = 1 if algorithm is None else sizes.ranks
    fits, never = 0, 1
    while memory(algorithm, replace(sizes, ranks=ranks, length=never * ranks)) <= bytes_each:
        fits, never = never, 2 * never
    while never - fits > 1:
        middle = (fits + never) // 2
        enough = memory(algorithm, replace(sizes, ranks=ranks, length=middle * ranks)) <= bytes_each
        fits, never = (middle, never) if enough else (fits, middle)
    return fits * ranks

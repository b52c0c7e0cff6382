"""Random graphs as matrices, and what holds of them."""

import numpy as np
import numpy.typing as npt

Matrices = npt.NDArray[np.int64]
"""(G, n, n) symmetric, 1 where there is an edge."""

_MODULUS = 2_147_483_647


def random_adjacencies(rng: np.random.Generator, count: int, nodes: int) -> Matrices:
    """(count, nodes, nodes); each graph has a density of its own between .2 and .5. Source: paper 03, section (e)."""
    density = rng.uniform(0.2, 0.5, (count, 1, 1))
    upper = np.triu(rng.random((count, nodes, nodes)) < density, 1)
    return (upper | upper.transpose(0, 2, 1)).astype(np.int64)


def triangles(graphs: Matrices) -> npt.NDArray[np.int64]:
    """(G,), how many each has."""
    found: npt.NDArray[np.int64] = np.trace(graphs @ graphs @ graphs, axis1=1, axis2=2) // 6
    return found


def distances(graphs: Matrices) -> Matrices:
    """(G, n, n) edges of the shortest path, n where there is none."""
    n = graphs.shape[1]
    found = np.where(np.eye(n, dtype=bool), 0, np.full(graphs.shape, n))
    reached = np.eye(n, dtype=np.int64)[None]
    for length in range(1, n):
        reached = (reached @ graphs > 0).astype(np.int64)
        found = np.minimum(found, np.where(reached > 0, length, n))
    return found


def connected(graphs: Matrices) -> npt.NDArray[np.int64]:
    """(G,), 1 where a path leads from each node to each."""
    found: npt.NDArray[np.int64] = (distances(graphs).max((1, 2)) < graphs.shape[1]).astype(np.int64)
    return found


def has_cycle(graphs: Matrices) -> npt.NDArray[np.int64]:
    """(G,), 1 where there are more edges than a forest of so many components has."""
    n = graphs.shape[1]
    first = (distances(graphs) < n).argmax(2)  # the least node that each can reach
    components = (first == np.arange(n)).sum(1)
    found: npt.NDArray[np.int64] = (graphs.sum((1, 2)) // 2 > n - components).astype(np.int64)
    return found


def invariants(graphs: Matrices) -> Matrices:
    """(G, n) numbers that isomorphic graphs share: of closed walks from each node, sorted."""
    walked, total = graphs, np.zeros(graphs.shape[:2], dtype=np.int64)
    for _ in range(graphs.shape[1]):
        walked = (walked @ graphs) % _MODULUS
        total = (total * 1_000_003 + np.diagonal(walked, axis1=1, axis2=2)) % _MODULUS
    return np.sort(total, axis=1)

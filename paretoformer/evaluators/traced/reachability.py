"""Directed graphs in which one node can be reached from another, or not, half of the time each."""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Graphs:
    """Graphs of n nodes and 2 n edges each.

    Attributes:
        edges: (B, 2 n, 2) from and to, in a random order.
        start: (B,) node.
        goal: (B,) node.
        distance: (B,) steps from start to goal; 0 where it cannot be reached.
    """

    edges: Numbers
    start: Numbers
    goal: Numbers
    distance: Numbers


def draw_graphs(rng: np.random.Generator, count: int, nodes: int) -> Graphs:
    """Half of the goals lie at a distance drawn alike from 1 to nodes - 1, as far as 2 n edges allow; half are out of reach.

    Where the goal is at distance d, a path leads there and no edge skips a layer. Where it is out of reach, nodes are parted in two,
    2 or more each, no edge leads from the start's part to the goal's, and each part has a path that begins or ends there, so that
    neither ever stands alone. Degrees still tell a part: boosted trees on those of start and goal and the greatest are right for .695,
    .756 and .737 of new graphs of 6, 5 and 10 nodes, with the direct edge for .692, .766 and .743, where that edge alone gives .595,
    .591 and .552. There are 5 nodes or more.
    """
    near = rng.random(count) < 0.5
    distance = rng.integers(1, nodes, count)
    order = rng.permuted(np.tile(np.arange(nodes), (count, 1)), axis=1)  # (B, n): names by place
    parted = rng.integers(2, nodes - 1, count)  # places before it are the start's part
    places = np.arange(nodes)
    layer = np.where(places <= distance[:, None], places, rng.integers(0, nodes, (count, nodes)))
    part = (places >= parted[:, None]).astype(np.int64)
    allowed = np.where(
        near[:, None, None],
        layer[:, None, :] <= layer[:, :, None] + 1,
        part[:, :, None] >= part[:, None, :],
    )  # (B, from, to)
    allowed &= ~np.eye(nodes, dtype=bool)
    path = _paths(near, distance, parted, nodes)
    key = np.where(path, -1.0, np.where(allowed, rng.random(allowed.shape), 2.0)).reshape(count, -1)
    chosen = np.argsort(key, axis=1, kind="stable")[:, : 2 * nodes]
    known = np.take_along_axis(key, chosen, 1) < 2
    first = chosen[:, :1]
    chosen = rng.permuted(np.where(known, chosen, first), axis=1)  # a graph of too few edges repeats one
    pairs = np.stack((chosen // nodes, chosen % nodes), 2)
    rows = np.arange(count)
    goal = np.where(near, distance, nodes - 1)
    return Graphs(
        edges=np.take_along_axis(order, pairs.reshape(count, -1), 1).reshape(pairs.shape),
        start=order[:, 0],
        goal=order[rows, goal],
        distance=np.where(near, distance, 0),
    )


def _paths(near: npt.NDArray[np.bool_], distance: Numbers, parted: Numbers, nodes: int) -> npt.NDArray[np.bool_]:
    """(B, from, to): edges from each place to the next, to the goal; not across the two parts."""
    step = np.eye(nodes, k=1, dtype=bool)
    places = np.arange(nodes)
    joined = np.where(near[:, None], places < distance[:, None], places + 1 != parted[:, None])  # (B, from)
    found: npt.NDArray[np.bool_] = step & joined[:, :, None]
    return found


def search(edges: list[list[int]], start: int, goal: int) -> tuple[list[int], list[list[int]]]:
    """Nodes in the order in which breadth-first search takes them, to the goal or the end, and what waits at each.

    Successors are taken in the order of their edges.
    """
    waiting, seen = deque([start]), {start}
    taken, queues = [], []
    while waiting:
        queues.append(list(waiting))
        node = waiting.popleft()
        taken.append(node)
        if node == goal:
            break
        for source, target in edges:
            if source == node and target not in seen:
                seen.add(target)
                waiting.append(target)
    return taken, queues

"""Walks that pass over every edge of a graph."""

from collections.abc import Sequence
from random import Random

from paretoformer.evaluators.graphs.graph import Graph, ordered


def walks(graph: Graph, rng: Random) -> list[list[int]]:
    """For each connected component, in a random order, the nodes of a walk that covers all its edges.

    Where a component is not Eulerian, edges are walked twice: those of a spanning tree, grown breadth-first from a random
    node, below which an odd number of nodes has an odd degree. An Eulerian circuit from a random node follows, cut where
    all edges are covered. A walk of a component with E edges has at most 2 E steps. Source: paper 03, section (b), steps 1
    to 3; it pairs odd nodes by a minimum matching, which is shorter and takes cubic time.
    """
    neighbours = graph.neighbours()
    components = _components(neighbours, rng)
    rng.shuffle(components)
    return [shortened(circuit(eulerised(tree, neighbours), tree[0][0], rng)) for tree in components]


def eulerised(tree: Sequence[tuple[int, int]], neighbours: Sequence[Sequence[int]]) -> dict[int, list[int]]:
    """Neighbours of each node of a component, some twice, so that all degrees are even.

    Args:
        tree: (node, parent) pairs of a spanning tree, a parent before its children; the root is its own parent.
        neighbours: those of every node of the graph.
    """
    found = {node: list(neighbours[node]) for node, _ in tree}
    for node, parent in reversed(tree):
        if len(found[node]) % 2:
            found[node].append(parent)
            found[parent].append(node)
    return found


def circuit(neighbours: dict[int, list[int]], start: int, rng: Random) -> list[int]:
    """A random closed walk from `start` over every edge of a connected graph of even degrees, by Hierholzer's algorithm."""
    left = {node: rng.sample(ends, len(ends)) for node, ends in neighbours.items()}
    path, found = [start], []
    while path:
        node = path[-1]
        if left[node]:
            following = left[node].pop()
            left[following].remove(node)
            path.append(following)
        else:
            found.append(path.pop())
    return found


def shortened(walk: Sequence[int]) -> list[int]:
    """Its first part that covers every edge."""
    seen: set[tuple[int, int]] = set()
    last = 0
    for step, (u, v) in enumerate(zip(walk, walk[1:], strict=False), 1):
        if ordered(u, v) not in seen:
            seen.add(ordered(u, v))
            last = step
    return list(walk[: last + 1])


def _components(neighbours: Sequence[Sequence[int]], rng: Random) -> list[list[tuple[int, int]]]:
    """A breadth-first spanning tree of each, from a random root."""
    reached: set[int] = set()
    trees = []
    for root in rng.sample(range(len(neighbours)), len(neighbours)):
        if root in reached:
            continue
        tree = [(root, root)]
        reached.add(root)
        for node, _ in tree:
            for end in neighbours[node]:
                if end not in reached:
                    reached.add(end)
                    tree.append((end, node))
        trees.append(tree)
    return trees

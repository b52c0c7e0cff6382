"""Simple graphs with an attribute for each node and edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Direction(IntEnum):
    """How an edge (u, v), u < v, points: both ways, from u to v, or from v to u."""

    BOTH = 0
    OUT = 1
    IN = 2

    def seen_from(self, start: int, end: int) -> "Direction":
        """The direction as one reads it who walks from `start` to `end`; its own inverse."""
        if self is Direction.BOTH or start < end:
            return self
        return Direction.IN if self is Direction.OUT else Direction.OUT


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Nodes 0, 1, ... with their attributes, and edges {(u, v): attribute}, u < v, at most one between two nodes.

    `directions` names the edges that do not point both ways.
    """

    nodes: tuple[int, ...]
    edges: Mapping[tuple[int, int], int]
    directions: Mapping[tuple[int, int], Direction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert all(0 <= u < v < len(self.nodes) for u, v in self.edges), "edges are (u, v) with u < v of the nodes"

    def neighbours(self) -> list[list[int]]:
        """Those of each node, ascending."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for u, v in sorted(self.edges):
            found[u].append(v)
            found[v].append(u)
        return [sorted(each) for each in found]


def ordered(u: int, v: int) -> tuple[int, int]:
    """How an edge between two nodes is named."""
    return (u, v) if u < v else (v, u)

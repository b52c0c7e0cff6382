"""The tokens of a graph along a walk over its edges, from which it can be read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Literal

from torch import Tensor

from paretoformer.evaluators.graphs.graph import Direction, Graph, ordered
from paretoformer.evaluators.graphs.walk import walks
from paretoformer.evaluators.symbols import Symbols

PADDING, END, MASK, JUMP = range(4)
_DIRECTIONS = 4
_NAMES = 7
SYMBOLS = Symbols(end=END, mask=MASK, padding=PADDING)

Reindex = Literal["cyclic", "plain", "random"]
"""What a node is called: its place in the order of first visits from a random offset on, that place, or a random name."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Tokens, closed by `END`, and the token by which each node of the graph is named."""

    tokens: tuple[int, ...]
    names: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class GraphTokeniser:
    """Plain tokens, one after another: name and attribute of a node, direction and attribute of the edge to the next.

    Attributes are left out where there is one kind alone, directions unless `directed`. A jump leads from one component to
    the next. Source: paper 03, section (b), layout 'prolonged'.

    Attributes:
        scope: how many names there are; no graph has more nodes.
        node_kinds: values of a node's attribute.
        edge_kinds: values of an edge's.
        directed: whether directions are written.
        reindex: how nodes are named.
    """

    scope: int
    node_kinds: int = 1
    edge_kinds: int = 1
    directed: bool = False
    reindex: Reindex = "cyclic"

    @property
    def vocabulary(self) -> int:
        """Number of tokens."""
        return self._edges + self.edge_kinds

    @property
    def _nodes(self) -> int:
        return _NAMES + self.scope

    @property
    def _edges(self) -> int:
        return self._nodes + self.node_kinds

    def is_name(self, token: int) -> bool:
        """Whether it names a node."""
        return _NAMES <= token < self._nodes

    def are_names(self, tokens: Tensor) -> Tensor:
        """The same of each of many, a bool of their shape."""
        return (tokens >= _NAMES) & (tokens < self._nodes)

    def count(self, visits: int, jumps: int) -> int:
        """Tokens of a graph that is walked in so many visits of nodes, jumps between them included, with its end."""
        node, edge = 1 + (self.node_kinds > 1), self.directed + (self.edge_kinds > 1)
        return visits * node + (visits - 1 - jumps) * edge + jumps + 1

    def encode(self, graph: Graph, rng: Random) -> Encoded:
        """A random one of its walks as tokens."""
        assert 0 < len(graph.nodes) <= self.scope, "there is a name for each node"
        paths = walks(graph, rng)
        order = list(dict.fromkeys(node for path in paths for node in path))
        names = dict(zip(order, self._drawn_names(len(order), rng), strict=True))
        tokens: list[int] = []
        for path in paths:
            tokens += [JUMP] if tokens else []
            tokens += self._visit(graph, names, path[0])
            for u, v in pairwise(path):
                tokens += self._step(graph, u, v) + self._visit(graph, names, v)
        return Encoded(tokens=(*tokens, END), names=tuple(names[node] for node in range(len(order))))

    def decode(self, tokens: Sequence[int]) -> Graph:
        """The graph of tokens up to `END`, nodes in the order of their first visit."""
        places: dict[int, int] = {}
        kinds: list[int] = []
        edges: dict[tuple[int, int], int] = {}
        directions: dict[tuple[int, int], Direction] = {}
        before, kind, way = None, 0, Direction.BOTH
        for token in tokens:
            if token == END:
                break
            if token == JUMP:
                before = None
            elif token < _NAMES:
                way = Direction(token - _DIRECTIONS)
            elif token < self._nodes:
                here = places.setdefault(token, len(places))
                kinds += [0] if here == len(kinds) else []
                if before is not None:
                    edge = ordered(before, here)
                    edges[edge] = kind
                    if way is not Direction.BOTH:
                        directions[edge] = way.seen_from(before, here)
                before, kind, way = here, 0, Direction.BOTH
            elif token < self._edges:
                kinds[-1 if before is None else before] = token - self._nodes
            else:
                kind = token - self._edges
        return Graph(nodes=tuple(kinds), edges=edges, directions=directions)

    def _drawn_names(self, count: int, rng: Random) -> list[int]:
        if self.reindex == "random":
            return [_NAMES + name for name in rng.sample(range(self.scope), count)]
        offset = rng.randrange(self.scope) if self.reindex == "cyclic" else 0
        return [_NAMES + (offset + place) % self.scope for place in range(count)]

    def _visit(self, graph: Graph, names: dict[int, int], node: int) -> list[int]:
        return [names[node], *([self._nodes + graph.nodes[node]] if self.node_kinds > 1 else ())]

    def _step(self, graph: Graph, u: int, v: int) -> list[int]:
        edge = ordered(u, v)
        way = graph.directions.get(edge, Direction.BOTH).seen_from(u, v)
        found = [_DIRECTIONS + way] if self.directed else []
        return found + ([self._edges + graph.edges[edge]] if self.edge_kinds > 1 else [])

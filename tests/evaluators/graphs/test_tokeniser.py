from itertools import combinations, pairwise
from random import Random

import networkx
import pytest

from paretoformer.evaluators.graphs.graph import Direction, Graph, ordered
from paretoformer.evaluators.graphs.tokeniser import END, JUMP, GraphTokeniser
from paretoformer.evaluators.graphs.walk import walks


def drawn(seed: int, most: int = 12) -> Graph:
    rng = Random(seed)
    n, density = rng.randint(1, most), rng.uniform(0, 0.6)
    edges = {pair: rng.randrange(3) for pair in combinations(range(n), 2) if rng.random() < density}
    ways = {edge: way for edge in edges if (way := rng.choice(list(Direction))) is not Direction.BOTH}
    return Graph(nodes=tuple(rng.randrange(4) for _ in range(n)), edges=edges, directions=ways)


def as_networkx(graph: Graph, *, attributes: bool, directed: bool) -> networkx.DiGraph:
    found = networkx.DiGraph()
    for node, kind in enumerate(graph.nodes):
        found.add_node(node, kind=kind if attributes else 0)
    for (u, v), kind in graph.edges.items():
        way = graph.directions.get((u, v), Direction.BOTH) if directed else Direction.BOTH
        if way is not Direction.IN:
            found.add_edge(u, v, kind=kind if attributes else 0)
        if way is not Direction.OUT:
            found.add_edge(v, u, kind=kind if attributes else 0)
    return found


def same(one: networkx.DiGraph, other: networkx.DiGraph) -> bool:
    return networkx.is_isomorphic(one, other, lambda a, b: a["kind"] == b["kind"], lambda a, b: a["kind"] == b["kind"])


@pytest.mark.parametrize("reindex", ["cyclic", "plain", "random"])
@pytest.mark.parametrize(("attributes", "directed"), [(True, True), (True, False), (False, True), (False, False)])
def test_what_is_read_again_is_the_same_graph_but_for_the_names(reindex, attributes, directed) -> None:
    kinds = (4, 3) if attributes else (1, 1)
    form = GraphTokeniser(scope=16, node_kinds=kinds[0], edge_kinds=kinds[1], directed=directed, reindex=reindex)
    for seed in range(60):
        graph = drawn(seed)
        found = form.decode(form.encode(graph, Random(seed)).tokens)
        sides = [as_networkx(each, attributes=attributes, directed=directed) for each in (graph, found)]
        assert same(*sides), seed


@pytest.mark.parametrize("seed", range(40))
def test_walks_step_along_edges_cover_all_and_take_at_most_twice_as_many_steps(seed: int) -> None:
    graph = drawn(seed)
    found = walks(graph, Random(seed))
    steps = [ordered(u, v) for path in found for u, v in pairwise(path)]
    assert set(steps) == set(graph.edges) and len(steps) <= 2 * len(graph.edges)
    assert {node for path in found for node in path} == set(range(len(graph.nodes)))


def test_a_ring_is_walked_once() -> None:
    ring = Graph(nodes=(0,) * 6, edges={ordered(i, (i + 1) % 6): 0 for i in range(6)})
    assert len(walks(ring, Random(0))[0]) == 7


def test_walks_jump_once_between_two_components() -> None:
    graph = Graph(nodes=(0,) * 3, edges={(0, 1): 0})
    assert GraphTokeniser(scope=4).encode(graph, Random(0)).tokens.count(JUMP) == 1


def test_cyclic_names_are_an_interval_whose_offset_does_not_change_what_is_read() -> None:
    form, plain = GraphTokeniser(scope=16), GraphTokeniser(scope=16, reindex="plain")
    tokens = plain.encode(drawn(3), Random(1)).tokens
    shifted = [7 + (token - 7 + 11) % 16 if form.is_name(token) else token for token in tokens]
    assert form.decode(shifted) == form.decode(tokens)
    names = sorted(form.encode(drawn(3), Random(2)).names)
    gaps = sum((names[(i + 1) % len(names)] - name) % 16 != 1 for i, name in enumerate(names))
    assert gaps == (len(names) < 16)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("kinds", "directed"), [((4, 3), True), ((4, 3), False), ((1, 1), False)])
def test_there_are_as_many_tokens_as_counted(seed: int, kinds: tuple[int, int], directed: bool) -> None:
    form = GraphTokeniser(scope=16, node_kinds=kinds[0], edge_kinds=kinds[1], directed=directed)
    tokens = form.encode(drawn(seed), Random(seed)).tokens
    assert tokens[-1] == END and max(tokens) < form.vocabulary
    assert len(tokens) == form.count(sum(map(form.is_name, tokens)), tokens.count(JUMP))

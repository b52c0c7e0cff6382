import networkx
import numpy as np
import pytest

from paretoformer.evaluators.graphs.structure import (
    connected,
    distances,
    has_cycle,
    invariants,
    random_adjacencies,
    triangles,
)

GRAPHS = random_adjacencies(np.random.default_rng(0), 60, 8)


@pytest.mark.parametrize("place", range(60))
def test_what_holds_of_a_graph_is_what_networkx_says(place: int) -> None:
    graph = networkx.from_numpy_array(GRAPHS[place])
    one = GRAPHS[place : place + 1]
    assert triangles(one)[0] == sum(networkx.triangles(graph).values()) // 3
    assert connected(one)[0] == networkx.is_connected(graph)
    assert has_cycle(one)[0] == bool(networkx.cycle_basis(graph))
    lengths = dict(networkx.all_pairs_shortest_path_length(graph))
    assert distances(one)[0].tolist() == [[lengths[u].get(v, 8) for v in range(8)] for u in range(8)]


def test_renamed_graphs_have_the_same_invariants() -> None:
    order = np.random.default_rng(1).permutation(8)
    assert np.array_equal(invariants(GRAPHS), invariants(GRAPHS[:, order][:, :, order]))


def test_a_ring_and_two_rings_of_half_the_length_have_other_invariants() -> None:
    ring = networkx.to_numpy_array(networkx.cycle_graph(8), dtype=np.int64)
    halves = networkx.disjoint_union(networkx.cycle_graph(4), networkx.cycle_graph(4))
    two = networkx.to_numpy_array(halves, dtype=np.int64)
    assert not np.array_equal(*invariants(np.stack((ring, two))))

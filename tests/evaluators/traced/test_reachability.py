import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

from paretoformer.evaluators.traced.reachability import Graphs, draw_graphs, search

NODES = 7


@pytest.fixture(scope="module")
def graphs() -> Graphs:
    return draw_graphs(np.random.default_rng(0), 400, NODES)


def test_distances_are_those_of_another_solver(graphs: Graphs) -> None:
    for edges, start, goal, distance in zip(graphs.edges, graphs.start, graphs.goal, graphs.distance, strict=True):
        matrix = np.zeros((NODES, NODES))
        matrix[edges[:, 0], edges[:, 1]] = 1
        found = shortest_path(matrix, unweighted=True, indices=start)[goal]
        assert (found if np.isfinite(found) else 0) == distance


def test_half_of_the_goals_can_be_reached_at_every_distance(graphs: Graphs) -> None:
    assert abs((graphs.distance > 0).mean() - 0.5) < 0.1
    assert set(graphs.distance.tolist()) == set(range(NODES))


def test_no_edge_leads_to_where_it_comes_from(graphs: Graphs) -> None:
    assert graphs.edges.shape == (400, 2 * NODES, 2) and (graphs.edges[..., 0] != graphs.edges[..., 1]).all()


def test_search_takes_the_goal_last_exactly_where_it_can_be_reached(graphs: Graphs) -> None:
    for edges, start, goal, distance in zip(graphs.edges, graphs.start, graphs.goal, graphs.distance, strict=True):
        taken, queues = search(edges.tolist(), int(start), int(goal))
        assert (taken[-1] == goal) == (distance > 0)
        assert [queue[0] for queue in queues] == taken and len(set(taken)) == len(taken)


def test_degrees_and_the_direct_edge_tell_of_some_goals_and_far_from_all() -> None:
    from sklearn.tree import DecisionTreeClassifier

    graphs = draw_graphs(np.random.default_rng(1), 3_000, 6)
    rows = np.arange(len(graphs.edges))
    edges = np.zeros((len(rows), 6, 6))
    edges[rows[:, None], graphs.edges[..., 0], graphs.edges[..., 1]] = 1
    leaving, coming = edges.sum(2), edges.sum(1)
    ends = [degrees[rows, node] for degrees in (leaving, coming) for node in (graphs.start, graphs.goal)]
    seen = np.stack([*ends, leaving.max(1), coming.max(1), edges[rows, graphs.start, graphs.goal]], 1)
    reached = graphs.distance > 0
    tree = DecisionTreeClassifier(max_depth=7, random_state=0).fit(seen[:2_000], reached[:2_000])
    assert 0.6 < tree.score(seen[2_000:], reached[2_000:]) < 0.75


def test_an_edge_leaves_every_start_and_one_leads_to_every_goal(graphs: Graphs) -> None:
    assert (graphs.edges[..., 0] == graphs.start[:, None]).any(1).all()
    assert (graphs.edges[..., 1] == graphs.goal[:, None]).any(1).all()

import networkx
import pytest

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.graphs.tokeniser import GraphTokeniser
from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError

FORM = GraphTokeniser(scope=16)


def rows(name: str) -> list[tuple[networkx.Graph, list[int], int]]:
    """Graph, nodes asked about and label of a hundred examples."""
    examples: Examples = open_task(name).examples(Split.TEST).take(slice(0, 100))
    found = []
    for tokens, length, label in zip(examples.inputs, examples.lengths, examples.targets, strict=True):
        row = tokens[:length].tolist()
        graph = FORM.decode(row)
        names = list(dict.fromkeys(filter(FORM.is_name, row)))
        asked = [names.index(token) for token in row[row.index(1) + 1 :]]
        read = networkx.Graph(list(graph.edges))
        read.add_nodes_from(range(len(graph.nodes)))
        found.append((read, asked, int(label)))
    return found


def test_triangles_are_those_of_the_graph_that_the_tokens_say() -> None:
    for graph, _, label in rows("graph-structure"):
        assert label == min(10, sum(networkx.triangles(graph).values()) // 3)


def test_a_degree_is_that_of_the_node_named_after_the_graph() -> None:
    for graph, (node,), label in rows("graph-structure:label=degree"):
        assert label == graph.degree[node]


def test_a_path_is_the_shortest_between_the_nodes_named_after_the_graph() -> None:
    for graph, (start, goal), label in rows("graph-structure:label=path"):
        joined = networkx.has_path(graph, start, goal)
        assert label == (networkx.shortest_path_length(graph, start, goal) if joined else 8)


def test_examples_are_no_longer_than_the_signature_says() -> None:
    task = open_task("graph-structure:nodes=14,label=path")
    assert all(task.examples(split).inputs.shape[1] <= task.signature.input.length for split in Split)


def test_too_few_nodes_are_refused() -> None:
    with pytest.raises(UserError, match="number of nodes is 3; it must be from 8 to 14"):
        open_task("graph-structure:nodes=3")

"""What holds of a random graph, read along a walk over its edges."""

from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.graphs.graph import Graph
from paretoformer.evaluators.graphs.structure import (
    Matrices,
    connected,
    distances,
    has_cycle,
    invariants,
    random_adjacencies,
    triangles,
)
from paretoformer.evaluators.graphs.task import GraphTask
from paretoformer.evaluators.graphs.tokeniser import PADDING, GraphTokeniser, Reindex
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key, deal
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, Signature, TokenInput

_DRAWN = 30_000
_COUNT = 5_000
_SEED = 20_240_103
_COUNTED = 10
_SCOPE = 2


@dataclass(frozen=True, kw_only=True)
class GraphOptions:
    """What is asked of graphs of how many nodes, and how nodes are named."""

    label: Literal["triangles", "triangle-parity", "cycle", "connected", "path", "degree"] = "triangles"
    nodes: int = 8
    reindex: Reindex = "cyclic"

    def __post_init__(self) -> None:
        check_range("number of nodes", self.nodes, 8, 14)

    @property
    def classes(self) -> int:
        """How many answers there are."""
        counts = {"triangles": _COUNTED + 1, "path": self.nodes + 1, "degree": self.nodes}
        return counts.get(self.label, 2)

    @property
    def tokeniser(self) -> GraphTokeniser:
        """With twice as many names as nodes."""
        return GraphTokeniser(scope=_SCOPE * self.nodes, reindex=self.reindex)

    @property
    def asked(self) -> int:
        """Nodes that are named after the graph."""
        return {"path": 2, "degree": 1}.get(self.label, 0)

    @property
    def signature(self) -> Signature:
        """As long as the longest walk over all edges there can be."""
        edges = self.nodes * (self.nodes - 1) // 2
        return Signature(
            input=TokenInput(vocabulary=self.tokeniser.vocabulary, length=2 * edges + 2 * self.nodes + self.asked),
            output=ClassOutput(classes=self.classes),
        )


_DEFAULT = GraphOptions()


@register_task("graph-structure")
class GraphStructure(GraphTask):
    """Triangles (10 stands for more) or whether they are odd, a cycle, connectedness, the edges between two nodes or at one.

    Nodes that are asked about are named after the end of the graph; a path that is not there has as many edges as there are
    nodes. No two graphs are isomorphic. Whether a graph is connected can be read off a jump. Source: paper 03.
    """

    Options = GraphOptions
    about: About = About(
        title="how many triangles a random graph of 8 nodes has, along a walk over its edges",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.315 on validation by logistic regression on sorted visits of nodes, tokens and jumps; 0.133 by constant",
        papers=(3,),
    )
    metrics: tuple[Metric, ...] = (Accuracy(),)
    signature: Signature = _DEFAULT.signature
    recipe: Recipe = Recipe(batch=64, budget=24_576)

    def __init__(self, options: GraphOptions = _DEFAULT) -> None:
        self.signature, self.form = options.signature, options.tokeniser
        rng = np.random.default_rng((_SEED, options.nodes))
        graphs = random_adjacencies(rng, _DRAWN, options.nodes)
        alike = [row.tobytes() for row in invariants(graphs)]
        first = {key: place for place, key in reversed(list(enumerate(alike)))}
        graphs = graphs[sorted(first.values())[:_COUNT]]
        pairs = rng.permuted(np.tile(np.arange(options.nodes), (len(graphs), 1)), axis=1)[:, :2]
        labels = _labels(options, graphs, pairs)
        everything = _written(options, graphs, pairs, labels)
        dealt = deal([content_key(graph.tobytes()) for graph in graphs], strata=[f"{label:02}" for label in labels])
        super().__init__(
            {split: everything.take(torch.tensor(dealt[split])) for split in Split},
            data_hash=content_key(everything.inputs.numpy().tobytes() + labels.tobytes()),
        )


def _labels(options: GraphOptions, graphs: Matrices, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    rows = np.arange(len(graphs))
    match options.label:
        case "triangles":
            return np.minimum(triangles(graphs), _COUNTED)
        case "triangle-parity":
            return triangles(graphs) % 2
        case "cycle":
            return has_cycle(graphs)
        case "connected":
            return connected(graphs)
        case "path":
            return distances(graphs)[rows, pairs[:, 0], pairs[:, 1]]
        case "degree":
            return graphs.sum(2)[rows, pairs[:, 0]]


def _written(
    options: GraphOptions,
    graphs: Matrices,
    pairs: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
) -> Examples:
    form, rng, rows = options.tokeniser, Random(_SEED), []
    for graph, pair in zip(graphs, pairs.tolist(), strict=True):
        edges = dict.fromkeys(zip(*(side.tolist() for side in np.nonzero(np.triu(graph))), strict=True), 0)
        found = form.encode(Graph(nodes=(0,) * options.nodes, edges=edges), rng)
        rows.append([*found.tokens, *(found.names[node] for node in pair[: options.asked])])
    lengths = torch.tensor([len(row) for row in rows])
    inputs = torch.full((len(rows), int(lengths.max())), PADDING)
    for place, row in enumerate(rows):
        inputs[place, : len(row)] = torch.tensor(row)
    return Examples(inputs=inputs, targets=torch.from_numpy(labels), lengths=lengths)

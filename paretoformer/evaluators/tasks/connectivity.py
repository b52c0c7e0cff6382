"""Whether a path leads from one node to another."""

from dataclasses import dataclass

import numpy as np

from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.drawn.task import DrawnTask
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.evaluators.traced.budget import Budget, logarithmic
from paretoformer.evaluators.traced.form import FIRST, SYMBOLS, Question, TracedForm
from paretoformer.evaluators.traced.reachability import draw_graphs, search
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature, TokenInput, TokenOutput

NO, YES = FIRST, FIRST + 1
_NAMES = FIRST + 2


@dataclass(frozen=True, kw_only=True)
class ConnectivityOptions:
    """Nodes of the graphs that are trained, and how much is written before the answer.

    Attributes:
        nodes: of trained graphs.
        budget: none, ceil(log2 n) nodes of the search, all of them, or what waits in its queue at each of them.
        filler: whether tokens that say nothing stand for the trace.
    """

    nodes: int = 6
    budget: Budget = "linear"
    filler: bool = False

    def __post_init__(self) -> None:
        check_range("number of nodes", self.nodes, 5, 10)

    @property
    def beyond(self) -> tuple[int, int]:
        """Sizes of graphs that are scored without having been trained: 1.5 and 2 times."""
        return (3 * self.nodes // 2, 2 * self.nodes)

    @property
    def form(self) -> TracedForm:
        """As long as the largest graph takes."""
        n = self.beyond[-1]
        trace = {"none": 0, "log": logarithmic(n), "linear": n, "quadratic": n * (n + 1) // 2}[self.budget]
        return TracedForm(budget=self.budget, filler=self.filler, length=4 * n + 2 + trace + 4)


def _signature(options: ConnectivityOptions) -> Signature:
    vocabulary = _NAMES + options.beyond[-1]
    return Signature(
        input=TokenInput(vocabulary=vocabulary, length=options.form.length), output=TokenOutput(vocabulary=vocabulary)
    )


_DEFAULT = ConnectivityOptions()


@register_task("connectivity")
class Connectivity(DrawnTask):
    """Edges as pairs of nodes in a random order, start and goal, the nodes that breadth-first search takes, and YES or NO.

    Half of the goals can be reached. Nodes have names drawn from those of the largest graphs, so that no name is new there.
    Sizes are numbers of nodes. Source: paper 08, section on graph connectivity.
    """

    Options = ConnectivityOptions
    about: About = About(
        title="whether a path leads from start to goal in directed graphs of 6 nodes and 12 edges, after a search",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.595, 0.708, 0.815 on validation by paths of up to 1, 2, 3 edges, 0.49 by constant; 1 by search",
        papers=(8,),
    )
    metrics: tuple[Metric, ...] = _DEFAULT.form.metrics(_DEFAULT.nodes, _DEFAULT.beyond)
    signature: Signature = _signature(_DEFAULT)
    symbols = SYMBOLS
    recipe: Recipe = Recipe(budget=196_608, batch=64, learning_rate=3e-3)

    def __init__(self, options: ConnectivityOptions = _DEFAULT) -> None:
        self.options = options
        self.signature = _signature(options)
        self.metrics = options.form.metrics(options.nodes, options.beyond)
        super().__init__(self._draw, (options.nodes,), options.beyond)

    def _draw(self, rng: np.random.Generator, size: int, count: int) -> Examples:
        graphs = draw_graphs(rng, count, size)
        everyone = np.tile(np.arange(self.options.beyond[-1]), (count, 1))
        names = rng.permuted(everyone, axis=1)[:, :size] + _NAMES  # (count, size)
        edges = np.take_along_axis(names, graphs.edges.reshape(count, -1), 1).reshape(graphs.edges.shape)
        rows = np.arange(count)
        asked = zip(edges.tolist(), names[rows, graphs.start].tolist(), names[rows, graphs.goal].tolist(), strict=True)
        return self.options.form.examples([_question(*each) for each in asked], size)


def _question(edges: list[list[int]], start: int, goal: int) -> Question:
    taken, queues = search(edges, start, goal)
    return Question(
        given=(*(node for edge in edges for node in edge), start, goal),
        steps=tuple(taken),
        long=tuple(node for queue in queues for node in queue),
        answer=YES if taken[-1] == goal else NO,
    )

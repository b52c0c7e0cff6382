"""Tasks whose tokens are graphs."""

from paretoformer.evaluators.graphs.tokeniser import SYMBOLS, GraphTokeniser
from paretoformer.evaluators.memory_task import MemoryTask


class GraphTask(MemoryTask):
    """Graphs as `form` writes them, so that criteria know which tokens name nodes. Source: paper 03."""

    form: GraphTokeniser
    symbols = SYMBOLS

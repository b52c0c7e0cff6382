import torch

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metrics.trace_accuracy import TraceAccuracy

MARK, END = 4, 1
TARGETS = torch.tensor([[IGNORED, 7, 8, 9, MARK, 9, END], [IGNORED, IGNORED, 7, MARK, 7, END, IGNORED]])
EXAMPLES = Examples(inputs=torch.zeros(2, 7), targets=TARGETS, sizes=torch.tensor([3, 1]))


def parts(generated: list[list[int]], sizes: tuple[int, ...] = (1, 3)) -> list[list[float]]:
    return TraceAccuracy(marker=MARK, sizes=sizes).parts(torch.tensor(generated), EXAMPLES).tolist()


def test_tokens_before_the_marker_are_compared_place_by_place() -> None:
    assert parts([[7, 9, 9, MARK, 0, -1], [7, MARK, 0, -1, -1, -1]]) == [[2, 3], [1, 1]]


def test_a_trace_that_ends_early_is_wrong_from_there() -> None:
    assert parts([[7], [MARK]]) == [[1, 3], [0, 1]]


def test_only_the_sizes_are_counted() -> None:
    assert parts([[7, 8, 9], [7, MARK, 7]], (3,)) == [[3, 3], [0, 0]]

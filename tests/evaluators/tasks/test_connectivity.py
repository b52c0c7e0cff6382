import numpy as np
import pytest

from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.tasks.connectivity import NO, YES
from paretoformer.evaluators.traced.form import ANSWER


@pytest.fixture(scope="module")
def task():
    return open_task("connectivity")


def closure(edges: list[int], nodes: int) -> np.ndarray:
    """(from, to): whether a path of any length leads there."""
    joined = np.eye(nodes, dtype=bool)
    joined[edges[::2], edges[1::2]] = True
    return np.linalg.matrix_power(joined.astype(float), nodes) > 0


@pytest.mark.parametrize("nodes", [6, 9, 12])
def test_the_answer_is_whether_there_is_a_path(task, nodes: int) -> None:
    examples = task.examples(Split.TEST)
    rows = examples.take(examples.sizes == nodes).take(slice(0, 50))
    for inputs, targets in zip(rows.inputs.tolist(), rows.targets, strict=True):
        edges, (start, goal) = inputs[1 : 4 * nodes + 1], inputs[4 * nodes + 1 : 4 * nodes + 3]
        reached = closure(edges, task.signature.input.vocabulary)[start] > 0
        asked = targets[targets != IGNORED].tolist()
        assert asked[-3:-1] == [ANSWER, YES if reached[goal] else NO]
        assert reached[asked[:-3]].all()


def test_both_answers_are_as_frequent(task) -> None:
    targets = task.examples(Split.TRAIN).targets
    yes, no = ((targets == answer).any(1).sum().item() for answer in (YES, NO))
    assert yes + no == len(targets) and abs(yes - no) < 0.05 * len(targets)

import pytest
import torch

from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.traced.form import ANSWER, BEGIN, END, FILLER, FIRST, SEPARATOR
from paretoformer.records.errors import UserError


@pytest.fixture(scope="module")
def counter():
    return open_task("automata:machine=counter,length=18,modulus=4")


def sequences(task, size: int) -> list[tuple[list[int], list[int]]]:
    examples = task.examples(Split.VALIDATION)
    rows = examples.take(examples.sizes == size).take(slice(0, 20))
    return [
        (row[:length].tolist(), target[target != IGNORED].tolist())
        for row, target, length in zip(rows.inputs, rows.targets, rows.lengths, strict=True)
    ]


@pytest.mark.parametrize("size", [18, 27, 36])
def test_the_trace_counts_and_the_answer_is_its_last_state(counter, size: int) -> None:
    for inputs, asked in sequences(counter, size):
        assert (inputs[0], inputs[size + 1]) == (BEGIN, SEPARATOR)
        ones = torch.tensor(inputs[1 : size + 1]) - FIRST
        states = (ones.cumsum(0) % 4 + FIRST + 2).tolist()
        assert asked == [*states, ANSWER, states[-1], END] and inputs[size + 2 :] == asked[:-1]


def test_filler_says_nothing_and_is_as_long(counter) -> None:
    task = open_task("automata:machine=counter,length=18,modulus=4,filler=true")
    for (_, plain), (_, filled) in zip(sequences(counter, 18), sequences(task, 18), strict=True):
        assert filled == [FILLER] * 18 + plain[-3:]
    assert "trace-accuracy" not in [metric.name for metric in task.metrics]


@pytest.mark.parametrize(("budget", "tokens"), [("none", 0), ("log", 2), ("quadratic", 10)])
def test_a_budget_bounds_the_trace(budget: str, tokens: int) -> None:
    task = open_task(f"automata:machine=dfa,symbols=16,length=4,budget={budget}")
    assert all(len(asked) == tokens + 3 for _, asked in sequences(task, 4))


def test_words_that_could_be_learned_by_heart_are_refused() -> None:
    with pytest.raises(UserError, match="256 different inputs.*raise the length"):
        open_task("automata:machine=counter,length=8")

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metrics.exact_match import ExactMatch
from paretoformer.evaluators.metrics.written_match import WrittenMatch
from paretoformer.evaluators.scoring import score

MARKER = 9


def examples(targets: list[list[int]], sizes: list[int]) -> Examples:
    asked = torch.tensor(targets)
    return Examples(inputs=asked.clamp_min(0), targets=asked, sizes=torch.tensor(sizes))


def told(rows: list[list[int]]) -> torch.Tensor:
    return one_hot(torch.tensor(rows), 10).float()


def exact(metric: ExactMatch, rows: list[list[int]], batch: Examples) -> float:
    return metric.score(metric.parts(told(rows), batch)).value


def test_one_wrong_token_makes_an_answer_wrong() -> None:
    batch = examples([[1, 2, 3], [1, 2, 3]], [3, 3])
    assert exact(ExactMatch(), [[1, 2, 3], [1, 0, 3]], batch) == 0.5


def test_what_is_not_asked_does_not_matter() -> None:
    batch = examples([[IGNORED, 2, 3, IGNORED]], [2])
    assert exact(ExactMatch(), [[7, 2, 3, 7]], batch) == 1


def test_classes_of_whole_inputs_are_answers_too() -> None:
    batch = Examples(inputs=torch.zeros(2, 1), targets=torch.tensor([1, 2]))
    assert exact(ExactMatch(), [1, 1], batch) == 0.5  # type: ignore[list-item]


def test_other_sizes_are_not_counted() -> None:
    batch = examples([[1], [2], [3]], [4, 5, 6])
    assert exact(ExactMatch("some", (4, 6)), [[1], [0], [0]], batch) == 0.5


def test_sizes_count_alike_however_many_examples_they_have() -> None:
    batch = examples([[1], [1], [1], [1]], [4, 4, 4, 5])
    rows = [[1], [1], [0], [0]]
    assert exact(ExactMatch("alike", (4, 5), alike=True), rows, batch) == pytest.approx((2 / 3 + 0) / 2)
    assert exact(ExactMatch("all", (4, 5)), rows, batch) == 0.5


def test_a_resample_without_a_size_is_the_mean_of_the_others() -> None:
    sums = np.array([[2.0, 4.0, 0.0, 0.0, 4.0], [2.0, 4.0, 1.0, 1.0, 5.0]])
    np.testing.assert_allclose(ExactMatch("alike", (4, 5), alike=True).combine(sums), [0.5, 0.75])


def test_the_interval_of_sizes_alike_holds_the_score() -> None:
    generator = torch.Generator().manual_seed(0)
    batch = examples([[1]] * 200, [4 + place % 5 for place in range(200)])
    rows = torch.randint(0, 2, (200, 1), generator=generator).tolist()
    metric = ExactMatch("alike", (4, 5, 6, 7, 8), alike=True)
    found = score(metric.parts(told(rows), batch).numpy(), metric.combine, fraction=True)
    assert found.low < found.value < found.high and found.high - found.low == pytest.approx(4 * 0.5 / 200**0.5, rel=0.2)


def written(rows: list[list[int]], batch: Examples) -> list[float]:
    metric = WrittenMatch("written", (3,), alike=False, marker=MARKER)
    return metric.parts(torch.tensor(rows), batch)[:, 0].tolist()


def test_only_what_follows_the_marker_is_compared() -> None:
    batch = examples([[IGNORED, 5, MARKER, 1, 2, 0], [IGNORED, 5, MARKER, 1, 2, 0]], [3, 3])
    assert written([[7, 7, MARKER, 1, 2, -1], [5, MARKER, 1, 2, 2, -1]], batch) == [1, 0]


def test_without_a_marker_there_is_no_answer() -> None:
    assert written([[5, 1, 2, -1]], examples([[IGNORED, 5, MARKER, 1, 2, 0]], [3])) == [0]


def test_an_answer_that_does_not_end_is_wrong() -> None:
    assert written([[MARKER, 1, 2, 3]], examples([[IGNORED, 5, MARKER, 1, 2, 0]], [3])) == [0]


@pytest.mark.parametrize("alike", [False, True])
def test_titles_say_which_metrics_are_of_sizes_beyond_the_trained_ones(alike: bool) -> None:
    metrics = ExactMatch("any", (3,), alike=alike), WrittenMatch("any", (3,), alike=alike, marker=MARKER)
    assert ["beyond the trained ones" in metric.title for metric in metrics] == [alike, alike]

import math

import pytest
import torch

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metrics.mae import MeanAbsoluteError
from paretoformer.evaluators.metrics.rmse import RootMeanSquaredError

every_metric = pytest.mark.parametrize("metric", [RootMeanSquaredError(), MeanAbsoluteError()], ids=lambda m: m.name)


def score(metric, outputs, targets) -> float:
    return metric.score(metric.parts(outputs, Examples(inputs=targets, targets=targets))).value


def test_the_root_is_taken_of_the_mean_over_all_examples() -> None:
    targets = torch.tensor([[0.0], [0.0], [0.0]])
    assert score(RootMeanSquaredError(), torch.tensor([[1.0], [2.0], [3.0]]), targets) == pytest.approx(
        math.sqrt(14 / 3)
    )


def test_the_mean_absolute_error_weighs_errors_as_they_are() -> None:
    targets = torch.tensor([[0.0, 1.0], [0.0, -1.0]])
    assert score(MeanAbsoluteError(), torch.zeros(2, 2), targets) == 0.5


@every_metric
def test_numbers_that_are_not_asked_do_not_count(metric) -> None:
    targets = torch.tensor([[0.0, math.nan], [math.nan, math.nan]])
    parts = metric.parts(torch.full((2, 2), 3.0), Examples(inputs=targets, targets=targets))
    assert parts[:, -1].tolist() == [1, 0] and metric.score(parts).value == 3


@every_metric
def test_numbers_of_each_step_are_added_over_steps(metric) -> None:
    targets = torch.zeros(2, 4, 3)
    assert metric.parts(torch.ones(2, 4, 3), Examples(inputs=targets, targets=targets)).tolist() == [[12, 12]] * 2


@every_metric
def test_the_interval_holds_the_score(metric) -> None:
    outputs = torch.randn(50, 1, generator=torch.Generator().manual_seed(0))
    targets = torch.zeros(50, 1)
    estimate = metric.score(metric.parts(outputs, Examples(inputs=targets, targets=targets)))
    assert estimate.low < estimate.value < estimate.high

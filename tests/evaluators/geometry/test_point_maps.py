from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.criteria.pointmap import PointMap
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.geometry.point_maps import confidence, point_errors, read, written
from paretoformer.evaluators.metrics.point_distance import PointDistance
from paretoformer.evaluators.metrics.point_error import PointError
from paretoformer.evaluators.metrics.sure_point_error import SurePointError
from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError


def drawn(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points found (4 numbers a pixel) and wanted, some of which are not asked."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(3, 2, 3, 4, 5, generator=generator)
    found = torch.randn(3, 2, 4, 4, 5, generator=generator)
    points[torch.rand(3, 2, 1, 4, 5, generator=generator).expand_as(points) < 0.3] = torch.nan
    return found, points


def scaled(outputs: torch.Tensor, by: float) -> torch.Tensor:
    return torch.cat((written(by * read(outputs)), outputs[:, :, 3:]), 2)


def loss(outputs: torch.Tensor, targets: torch.Tensor, alpha: float = 0.2) -> torch.Tensor:
    return PointMap(alpha=alpha).loss(outputs, Examples(inputs=outputs, targets=targets))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 99), st.floats(0.1, 10))
def test_neither_the_scale_of_what_is_wanted_nor_of_what_is_found_changes_the_loss(seed: int, by: float) -> None:
    outputs, points = drawn(seed)
    expected = loss(outputs, written(points))
    torch.testing.assert_close(loss(outputs, written(by * points)), expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(loss(scaled(outputs, by), written(points)), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("by", [0.5, 2.0])
def test_where_the_scale_is_metric_it_is_part_of_the_loss_and_of_the_distance(by: float) -> None:
    _, points = drawn(0)
    exact = torch.cat((written(points.nan_to_num()), torch.zeros(3, 2, 1, 4, 5)), 2)
    off = Examples(inputs=points, targets=written(by * points))
    right = Examples(inputs=points, targets=written(points))
    criterion = PointMap(scale="metric")
    assert criterion.loss(exact, right) < criterion.loss(exact, off) - 0.1
    torch.testing.assert_close(PointMap().loss(exact, off), PointMap().loss(exact, right), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("view", [None, 1, 2])
def test_points_all_moved_by_one_length_are_that_far_off(view: Literal[1, 2] | None) -> None:
    _, points = drawn(6)
    moved = written(points.nan_to_num() + torch.tensor((0.3, 0.0, 0.4))[:, None, None])
    examples, metric = Examples(inputs=points, targets=written(points)), PointDistance(view)
    found = metric.score(metric.parts(torch.cat((moved, moved[:, :, :1]), 2), examples)).value
    assert found == pytest.approx(0.5, rel=1e-4)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 99))
def test_reading_gives_back_what_was_written(seed: int) -> None:
    _, points = drawn(seed)
    torch.testing.assert_close(read(written(points)), points, rtol=1e-4, atol=1e-5, equal_nan=True)


def test_the_confidence_that_costs_least_is_alpha_over_the_error() -> None:
    outputs, points = drawn(0)
    errors, asked = point_errors(outputs, written(points))
    alpha = 3 * float(errors.max())  # so that the best confidence is above 1 everywhere
    outputs[:, :, 3] = (alpha / errors.clamp_min(1e-3) - 1).log()
    outputs.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(outputs, written(points), alpha), outputs)
    assert gradient[:, :, 3].abs().max() < 1e-6
    assert gradient[:, :, :3].abs().max() > 1e-4
    torch.testing.assert_close(confidence(outputs)[asked], (alpha / errors)[asked], rtol=1e-4, atol=0)


def test_pixels_that_are_not_asked_are_told_nothing() -> None:
    outputs, points = drawn(1)
    outputs.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(outputs, written(points)), outputs)
    missing = points.isnan().any(2)
    assert gradient.isfinite().all() and missing.any()
    assert (gradient.movedim(2, -1)[missing] == 0).all() and (gradient.movedim(2, -1)[~missing] != 0).any()


def test_a_model_that_finds_one_point_everywhere_or_a_huge_one_still_has_a_gradient() -> None:
    _, points = drawn(2)
    for value in (0.0, 1e4):
        outputs = torch.full((3, 2, 4, 4, 5), value, requires_grad=True)
        (gradient,) = torch.autograd.grad(loss(outputs, written(points)), outputs)
        assert gradient.isfinite().all()


def test_the_error_of_both_views_lies_between_those_of_each() -> None:
    outputs, points = drawn(3)
    examples = Examples(inputs=outputs, targets=written(points))
    both, one, two = (
        metric.score(metric.parts(outputs, examples)).value for metric in (PointError(), PointError(1), PointError(2))
    )
    assert min(one, two) < both < max(one, two)


@pytest.mark.parametrize(("sign", "less"), [(-1, True), (1, False)])
def test_the_surer_half_has_the_smaller_error_where_confidence_falls_with_it(sign: int, less: bool) -> None:
    outputs, points = drawn(4)
    errors, _ = point_errors(outputs, written(points))
    outputs[:, :, 3] = sign * errors
    examples = Examples(inputs=outputs, targets=written(points))
    whole, sure = (metric.score(metric.parts(outputs, examples)).value for metric in (PointError(), SurePointError()))
    assert (sure < whole) is less


def test_equal_confidence_says_nothing() -> None:
    outputs, points = drawn(5)
    outputs[:, :, 3] = 0
    examples = Examples(inputs=outputs, targets=written(points))
    sums, counts = SurePointError().parts(outputs, examples).T
    wanted, asked = PointError().parts(outputs, examples).T
    torch.testing.assert_close(sums / counts, wanted / asked, rtol=1e-6, atol=0)
    assert torch.equal(counts, (asked + 1).div(2, rounding_mode="floor"))


def test_a_task_of_other_numbers_is_refused() -> None:
    assert list(criterion("pointmap").problems(open_task("pointmap"))) == []
    assert "4 numbers a pixel" in next(criterion("pointmap").problems(open_task("digits")))


def test_a_negative_alpha_is_refused() -> None:
    with pytest.raises(UserError, match=r"'alpha' of criterion pointmap is -1.0; it must be at least 0"):
        criterion("pointmap:alpha=-1")

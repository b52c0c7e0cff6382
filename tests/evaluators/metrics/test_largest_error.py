import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metrics.largest_error import STEP, LargestError

errors = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8)


def scored(values: list[float]) -> float:
    targets = torch.zeros(len(values), 1)
    outputs = torch.tensor(values)[:, None]
    return LargestError().score(LargestError().parts(outputs, Examples(inputs=targets, targets=targets))).value


@settings(deadline=None, max_examples=30)
@given(errors)
def test_it_is_the_largest_error_rounded_up_by_less_than_a_step(values: list[float]) -> None:
    assert max(values) <= scored(values) * (1 + 1e-6) and scored(values) <= STEP * max(values) * (1 + 1e-6)


def test_the_sign_and_the_place_do_not_matter() -> None:
    targets = torch.zeros(1, 2, 2)
    outputs = torch.tensor([[[0.0, 0.5], [-2.0, 1.0]]])
    parts = LargestError().parts(outputs, Examples(inputs=targets, targets=targets))
    assert LargestError().score(parts).value == pytest.approx(scored([2.0]))


def test_what_is_not_asked_has_no_error() -> None:
    targets = torch.tensor([[float("nan"), 0.0], [float("nan"), float("nan")]])
    parts = LargestError().parts(torch.tensor([[9.0, 0.1], [9.0, 9.0]]), Examples(inputs=targets, targets=targets))
    assert LargestError().score(parts).value == pytest.approx(scored([0.1])) and parts[:, -1].tolist() == [1, 0]

"""How long a trial trains, by a clock that ticks as models and batches would."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.training_time import MOST_STEPS, TIMED_STEPS, WARM_STEPS, TrainingTimer

RECIPE = Recipe(budget=3200, batch=32)


@dataclass
class Clock:
    """Goes on by so many seconds for each example that a model is given, and for whatever waits between steps."""

    example_s: float
    waiting_s: float = 0.0
    now: float = 0.0
    batches: list[int] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def wait(self) -> None:
        self.now += self.waiting_s

    def watch(self, model: Model) -> None:
        """Tick by what this model computes."""

        def forward(_: object, given: tuple[torch.Tensor, ...]) -> None:
            self.batches.append(len(given[0]))
            self.now += self.example_s * len(given[0])

        model.register_forward_pre_hook(forward)


@pytest.fixture(scope="module")
def task() -> Task:
    return open_task("digits")


MakeTimer = Callable[..., TrainingTimer]


@pytest.fixture
def timer(space: SearchSpace, task: Task) -> MakeTimer:
    """Of a tiny model that says it has so many MACs."""
    points = space.enumerate(10**6)
    small = next(point for point in points if not space.explain(point, task.signature))
    architecture = space.decode(small).architecture

    def make(clock: Clock, macs: int = 1000, patience_s: float = 20.0) -> TrainingTimer:
        model = build(architecture, task.signature, seed=0)
        clock.watch(model)
        return TrainingTimer(
            model=model, macs=macs, task=task, device="cpu", wait=clock.wait, clock=clock, patience_s=patience_s
        )

    return make


def test_a_step_is_timed_without_what_waits_before_it(timer: MakeTimer) -> None:
    clock = Clock(example_s=0.01, waiting_s=3.0)
    assert timer(clock).step_seconds(RECIPE) == pytest.approx(0.32)


def test_quick_steps_are_timed_until_they_tell_and_no_further(timer: MakeTimer) -> None:
    clock = Clock(example_s=1e-9)
    timer(clock).step_seconds(RECIPE)
    assert len(clock.batches) == MOST_STEPS
    slower = Clock(example_s=0.01)
    timer(slower).step_seconds(RECIPE)
    assert len(slower.batches) == WARM_STEPS + TIMED_STEPS


def test_no_step_is_begun_after_patience_has_run_out(timer: MakeTimer) -> None:
    clock = Clock(example_s=1.0)
    assert timer(clock, patience_s=60.0).step_seconds(RECIPE) == pytest.approx(32)
    assert clock.batches == [32, 32]


def test_a_step_that_would_take_far_longer_is_timed_on_fewer_examples(timer: MakeTimer) -> None:
    clock = Clock(example_s=10.0)
    assert timer(clock, macs=10**11).step_seconds(RECIPE) == pytest.approx(320)
    assert clock.batches == [1]


def test_a_device_that_is_faster_than_was_assumed_is_timed_on_whole_steps(timer: MakeTimer) -> None:
    clock = Clock(example_s=0.01)
    assert timer(clock, macs=10**11).step_seconds(RECIPE) == pytest.approx(0.32)
    assert clock.batches[:2] == [1, 32]


def test_a_whole_evaluation_is_timed_where_there_is_time(timer: MakeTimer, task: Task) -> None:
    number = len(task.examples(Split.VALIDATION))
    clock = Clock(example_s=0.01, waiting_s=1.0)
    assert timer(clock).evaluation_seconds(RECIPE, example=0.01) == pytest.approx(0.01 * number)
    assert sum(clock.batches) == number


def test_a_long_evaluation_is_timed_on_as_many_examples_as_there_is_patience_for(timer: MakeTimer, task: Task) -> None:
    number = len(task.examples(Split.VALIDATION))
    clock = Clock(example_s=4.0)
    assert timer(clock).evaluation_seconds(RECIPE, example=4.0) == pytest.approx(4.0 * number)
    assert clock.batches == [5]


def test_an_evaluation_that_turns_out_long_is_broken_off_and_scaled(timer: MakeTimer, task: Task) -> None:
    number = len(task.examples(Split.VALIDATION))
    clock = Clock(example_s=1.0)
    assert timer(clock).evaluation_seconds(RECIPE, example=1e-3) == pytest.approx(number)
    assert clock.batches == [256]


def test_a_training_is_all_steps_and_an_evaluation_at_each_rung(timer: MakeTimer, task: Task) -> None:
    clock = Clock(example_s=0.01)
    expected = 0.01 * (3200 + 3 * len(task.examples(Split.VALIDATION)))
    assert timer(clock).seconds(RECIPE) == pytest.approx(expected)


def test_pre_training_is_timed_by_its_own_criterion(timer: MakeTimer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(example_s=0.0)
    timed = timer(clock)
    costs = {"cross-entropy": 1.0, "layerwise": 10.0}
    monkeypatch.setattr(TrainingTimer, "step_seconds", lambda self, recipe, share: costs[recipe.criterion])
    recipe = replace(RECIPE, pretraining="layerwise", pretraining_share=0.25)
    assert timed.seconds(recipe) == pytest.approx(75 * 1.0 + 25 * 10.0)


def test_timing_leaves_weights_and_the_global_generator_as_they_were(timer: MakeTimer) -> None:
    timed = timer(Clock(example_s=0.01))
    before = [weight.clone() for weight in timed.model.parameters()]
    torch.manual_seed(5)
    state = torch.get_rng_state()
    timed.seconds(RECIPE)
    assert torch.equal(torch.get_rng_state(), state)
    for old, new in zip(before, timed.model.parameters(), strict=True):
        torch.testing.assert_close(old, new, rtol=0, atol=1e-6)

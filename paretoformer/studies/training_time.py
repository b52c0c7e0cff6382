"""How long a trial trains, from a few steps and evaluation batches of one architecture."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import fmean

import torch

from paretoformer.evaluators.evaluation import batch_size, evaluate
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.contract import Model

PATIENCE_S = 20.0
"""Seconds of steps, and of evaluation batches, after which no other is begun."""
LONG_ENOUGH_S = 1.0
WARM_STEPS, TIMED_STEPS, MOST_STEPS = 2, 6, 200
STANDSTILL = 1e-9
"""A learning rate for timing: steps take as long at any, and whether one diverges is for its trial to find out."""
MACS_A_SECOND = 2e10
"""Of one thread. Where a step would take longer than we wait at that, a smaller one goes first and tells how long it takes."""
PASSES = 3
"""A step computes about three times what a forward pass does."""
RUNGS = 3


class _Enough(Exception):
    """No other step is timed."""


class _Stopwatch:
    """Called between steps: seconds of each, without what waiting takes; ends the training by `_Enough`."""

    def __init__(
        self, wait: Callable[[], None], clock: Callable[[], float], enough: Callable[[list[float]], bool]
    ) -> None:
        self.laps: list[float] = []
        self._wait, self._clock, self._enough = wait, clock, enough
        self._since: float | None = None

    def __call__(self) -> None:
        self.stop()
        if self.laps and self._enough(self.laps):
            raise _Enough
        self._wait()
        self._since = self._clock()

    def stop(self) -> None:
        """The end of the last lap."""
        if self._since is not None:
            self.laps.append(self._clock() - self._since)


@dataclass(frozen=True, kw_only=True)
class TrainingTimer:
    """Times trainings of a model, whose weights are left as good as they were.

    Args:
        model: on any device.
        macs: of a forward pass on one example, from which the first step's batch is chosen.
        task: with the data.
        device: to train on.
        wait: called before each step and evaluation batch; its time does not count.
        clock: seconds.
        patience_s: after so many seconds no other step or batch is begun; one of each is made in any case.
    """

    model: Model
    macs: int
    task: Task
    device: str
    wait: Callable[[], None]
    clock: Callable[[], float]
    patience_s: float = PATIENCE_S

    def seconds(self, recipe: Recipe) -> float:
        """Of all steps by a recipe and one evaluation at each rung.

        Raises:
            TrainingFailed: a loss is nan or infinite.
        """
        before = recipe.pretraining_steps
        parts = {recipe.criterion: recipe.steps - before}
        if recipe.pretraining:
            parts[recipe.pretraining] = parts.get(recipe.pretraining, 0) + before
        each = {
            criterion: self.step_seconds(replace(recipe, criterion=criterion, pretraining=None), len(parts))
            for criterion in parts
        }
        example = each[recipe.criterion] / recipe.batch / PASSES
        return sum(each[name] * steps for name, steps in parts.items()) + RUNGS * self.evaluation_seconds(
            recipe, example
        )

    def step_seconds(self, recipe: Recipe, share: int = 1) -> float:
        """Of one step; where that would be far too long, of a smaller one, scaled. `share` divides the patience."""
        patience = self.patience_s / share
        batch = max(1, min(recipe.batch, int(patience * MACS_A_SECOND / max(1, PASSES * self.macs))))
        if batch < recipe.batch:
            first = self._laps(recipe, batch, patience=0.0)[0]
            whole = first * recipe.batch / batch
            if first + whole > patience:
                return whole
            patience -= first
        laps = self._laps(recipe, recipe.batch, patience)
        return fmean(laps[min(WARM_STEPS, len(laps) - 1) :])

    def evaluation_seconds(self, recipe: Recipe, example: float) -> float:
        """Of a validation; of as many examples as there is patience for at `example` seconds each, scaled, where not of all."""
        number = len(self.task.examples(Split.VALIDATION))
        few = number if number * example <= self.patience_s else max(1, int(self.patience_s / example))
        watch = _Stopwatch(self.wait, self.clock, lambda laps: sum(laps) >= self.patience_s)
        self.model.to(self.device).eval()
        with suppress(_Enough), torch.random.fork_rng(devices=[]):
            evaluate(
                self.model,
                self.task,
                Split.VALIDATION,
                device=torch.device(self.device),
                precision=recipe.precision,
                between_batches=watch,
                most=few,
            )
            watch.stop()
        seen = min(few, len(watch.laps) * batch_size(self.task.signature))
        return sum(watch.laps) * number / seen

    def _laps(self, recipe: Recipe, batch: int, patience: float) -> list[float]:
        def enough(laps: list[float]) -> bool:
            timed = laps[WARM_STEPS:]
            done = len(timed) >= TIMED_STEPS and sum(timed) >= LONG_ENOUGH_S
            return done or len(laps) == MOST_STEPS or sum(laps) >= patience

        watch = _Stopwatch(self.wait, self.clock, enough)
        steps = MOST_STEPS + 1  # so that it is the watch that ends it
        trainer = Trainer(
            self.model,
            self.task,
            replace(recipe, batch=batch, budget=steps * batch, learning_rate=STANDSTILL),
            seed=0,
            rungs=1,
            device=self.device,
            between_steps=watch,
        )
        with suppress(_Enough):
            next(trainer.run())
        return watch.laps

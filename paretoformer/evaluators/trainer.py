"""Training in rungs: one model, one task, one recipe, one seed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from paretoformer.evaluators.evaluation import evaluate
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.phase import Phase, TrainingFailed
from paretoformer.evaluators.snapshot import restore_phase, snapshot_phase
from paretoformer.evaluators.task import Task
from paretoformer.records.canonical import derived_seed
from paretoformer.records.recipe import Recipe
from paretoformer.records.trial import Score
from paretoformer.search_spaces.contract import Model, served, set_progress

REDUCTION = 3
"""Each rung has this many times the budget of the one before."""

VERSION = 5
"""Raised when the same model, task, recipe and seed would give other scores; part of every run's key."""

__all__ = ["REDUCTION", "VERSION", "Trainer", "TrainingFailed", "rung_steps"]


def rung_steps(recipe: Recipe, rungs: int) -> tuple[int, ...]:
    """Optimiser steps after which each rung is scored: budget / 9, budget / 3, budget for three, in whole batches.

    All of pre-training comes before the first rung, and only what follows it is divided.
    """
    before = recipe.pretraining_steps
    tuned = recipe.steps - before if before else recipe.budget / recipe.batch
    return tuple(before + -int(-tuned // REDUCTION ** (rungs - 1 - rung)) for rung in range(rungs))


class Trainer:
    """Trains `model` in place and scores it on the way.

    On a CPU with one thread the same model, task, recipe and seed give the same weights and scores, bit for bit, whether
    trained in one go or resumed from a snapshot; the global random state is neither read nor changed. Time is training and
    evaluation by `clock`; what `between_steps` takes and what the caller does between rungs is not part of it.
    `between_steps` is called before every optimiser step and every evaluation batch, and may wait.
    """

    def __init__(
        self,
        model: Model,
        task: Task,
        recipe: Recipe,
        *,
        seed: int,
        rungs: int = 3,
        device: str | torch.device = "cpu",
        between_steps: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = torch.device(device)
        self.model = model.to(self.device)
        self._served = served(self.model)
        self.task, self.recipe, self.seed, self.rungs = task, recipe, seed, rungs
        self._between_steps, self._clock = between_steps, clock
        self._rung = 0
        self._step = 0
        self._seconds = 0.0
        self._phase = self._phase_at(0)

    def run(self) -> Iterator[tuple[Score, ...]]:
        """Validation scores, one for each metric, at every rung that is left; the last rung has the full budget.

        A caller that stops iterating stops the training.

        Raises:
            TrainingFailed: a loss or a score became nan or infinite.
        """
        for rung, steps in list(enumerate(rung_steps(self.recipe, self.rungs)))[self._rung :]:
            self._train(steps, rung)
            self._rung = rung + 1
            yield self.score(Split.VALIDATION, rung)

    def score(self, split: Split, rung: int) -> tuple[Score, ...]:
        """Scores of the model as it is on a split, one for each metric, labelled with `rung`.

        Raises:
            TrainingFailed: a score is nan or infinite.
        """
        groups = self.task.examples(split).groups
        self.model.eval()
        with self._timed(), _own_randomness(derived_seed(self.seed, "evaluation"), self.device):
            parts = evaluate(
                self.model,
                self.task,
                split,
                device=self.device,
                precision=self.recipe.precision,
                between_batches=self._wait,
            )
        return tuple(self._score(name, split, rung, found, groups) for name, found in parts.items())

    def snapshot(self) -> dict[str, Tensor]:
        """All that `resume` needs to go on from the rung that was scored last, as tensors."""
        state = torch.tensor([self._step, self._rung, self._seconds], dtype=torch.float64)
        return {"trainer": state, **snapshot_phase(self._phase)}

    def resume(self, snapshot: Mapping[str, Tensor]) -> None:
        """Go on from a snapshot of a trainer with the same model, task, recipe and seed."""
        step, rung, self._seconds = snapshot["trainer"].tolist()
        self._step, self._rung = int(step), int(rung)
        self._phase = self._phase_at(self._step)
        restore_phase(self._phase, snapshot)

    def _phase_at(self, step: int) -> Phase:
        """The phase to which step `step` belongs, begun at its own first step."""
        before, recipe = self.recipe.pretraining_steps, self.recipe
        pretraining = step < before and recipe.pretraining is not None
        text = recipe.pretraining if pretraining and recipe.pretraining else recipe.criterion
        return Phase(
            text,
            self.model,
            self.task,
            recipe,
            steps=before if pretraining else recipe.steps - before,
            seed=derived_seed(self.seed, "pretraining") if pretraining else self.seed,
        )

    def _train(self, steps: int, rung: int) -> None:
        self.model.train()
        with self._timed(), _own_randomness(derived_seed(self.seed, "modules", rung), self.device):
            while self._step < steps:
                if self._step == self.recipe.pretraining_steps and self._step > 0:
                    self._phase = self._phase_at(self._step)
                self._wait()
                set_progress(self._served, self._step / self.recipe.steps)
                self._phase.take_step(self.device)
                self._step += 1
        set_progress(self._served, self._step / self.recipe.steps)

    def _score(self, metric: str, split: Split, rung: int, parts: Tensor, groups: Tensor | None) -> Score:
        """`parts` are (n, K)."""
        if not bool(parts.isfinite().all()):
            raise TrainingFailed(f"{metric} on {split.value} became nan or infinite after step {self._step}")
        estimate = self.task.metric(metric).score(parts, groups)
        return Score(
            metric=metric,
            split=split.value,
            rung=rung,
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            examples=self._step * self.recipe.batch,
            seconds=self._seconds,
        )

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start = self._clock()
        try:
            yield
        finally:
            self._seconds += self._clock() - start

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)  # whoever is let in now has the device to himself
        start = self._clock()
        self._between_steps()
        self._seconds -= self._clock() - start


@contextmanager
def _own_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Random modules (dropout, routing noise) draw from `seed`; the global generators are as before afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield

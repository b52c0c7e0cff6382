"""Training in rungs: one model, one task, one recipe, one seed."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from paretoformer.evaluators.batches import evaluation_batches, moved, training_batches
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.optimiser import learning_rate, make_optimiser
from paretoformer.evaluators.task import Task
from paretoformer.records.canonical import derived_seed
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature
from paretoformer.records.trial import Score
from paretoformer.search_spaces.contract import Model, auxiliary_loss, set_progress

REDUCTION = 3
"""Each rung has this many times the budget of the one before."""

VERSION = 2
"""Raised when the same model, task, recipe and seed would give other scores; part of every run's key."""

_EVALUATION_BATCH = 256
_EVALUATION_OUTPUTS = 2**22  # numbers that a model gives for one batch: 16 MiB in fp32


class TrainingFailed(Exception):
    """Training cannot go on; the message is one sentence that says why and where."""


def rung_steps(recipe: Recipe, rungs: int) -> tuple[int, ...]:
    """Optimiser steps after which each rung is scored: budget / 9, budget / 3, budget for three, in whole batches."""
    return tuple(-(-recipe.budget // (recipe.batch * REDUCTION ** (rungs - 1 - rung))) for rung in range(rungs))


class Trainer:
    """Trains `model` in place and scores it on the way.

    On a CPU with one thread the same model, task, recipe and seed give the same weights and scores, bit for bit; the
    global random state is neither read nor changed. Time is training and evaluation by `clock`; what `between_steps`
    takes and what the caller does between rungs is not part of it. `between_steps` is called before every optimiser
    step and every evaluation batch, and may wait.
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
        self.task, self.recipe, self.seed, self.rungs = task, recipe, seed, rungs
        self._between_steps, self._clock = between_steps, clock
        self._criterion = criterion(recipe.criterion)
        self._optimiser = make_optimiser(self.model, recipe)
        self._batches = training_batches(task.examples(Split.TRAIN), recipe.batch, derived_seed(seed, "batches"))
        self._step = 0
        self._seconds = 0.0

    def run(self) -> Iterator[tuple[Score, ...]]:
        """Validation scores, one for each metric, at every rung; the last rung has the full budget.

        A caller that stops iterating stops the training.

        Raises:
            TrainingFailed: a loss or a score became nan or infinite.
        """
        assert self._step == 0, "a trainer runs once"
        for rung, steps in enumerate(rung_steps(self.recipe, self.rungs)):
            self._train(steps, rung)
            yield self.score(Split.VALIDATION, rung)

    def score(self, split: Split, rung: int) -> tuple[Score, ...]:
        """Scores of the model as it is on a split, one for each metric, labelled with `rung`.

        Raises:
            TrainingFailed: a score is nan or infinite.
        """
        examples = self.task.examples(split)
        with self._timed():
            parts = self._parts(examples)
        return tuple(self._score(name, split, rung, (*part, examples.groups)) for name, part in parts.items())

    def _train(self, steps: int, rung: int) -> None:
        self.model.train()
        with self._timed(), _own_randomness(derived_seed(self.seed, "modules", rung), self.device):
            while self._step < steps:
                self._wait()
                self._train_step(moved(next(self._batches), self.device))
                self._step += 1
        set_progress(self.model, self._step / self.recipe.steps)

    def _train_step(self, batch: Examples) -> None:
        rate = learning_rate(self.recipe, self._step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        set_progress(self.model, self._step / self.recipe.steps)
        loss = self._criterion(self._outputs(batch), batch)
        own = auxiliary_loss(self.model)
        loss = loss if own is None else loss + own
        value = loss.item()
        if not math.isfinite(value):
            where = f"step {self._step + 1} of {self.recipe.steps}"
            raise TrainingFailed(f"loss became {value} at {where}, learning rate {self.recipe.learning_rate:g}")
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self._optimiser.step()

    def _outputs(self, batch: Examples) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
            outputs: Tensor = self.model(batch.inputs, batch.lengths)
        return outputs.float()

    @torch.no_grad()  # not inference_mode: what a module keeps from here, training may use
    def _parts(self, examples: Examples) -> dict[str, tuple[Tensor, Tensor]]:
        """By metric, values and weights of all examples, each (n,) float64 on the CPU."""
        self.model.eval()
        found: dict[str, list[tuple[Tensor, Tensor]]] = {metric.name: [] for metric in self.task.metrics}
        with _own_randomness(derived_seed(self.seed, "evaluation"), self.device):
            for part in evaluation_batches(examples, _evaluation_batch(self.task.signature)):
                self._wait()
                batch = moved(part, self.device)
                outputs = self._outputs(batch)
                for metric in self.task.metrics:
                    found[metric.name].append(metric.parts(outputs, batch))
        return {
            name: (torch.cat([value.cpu() for value, _ in parts]), torch.cat([weight.cpu() for _, weight in parts]))
            for name, parts in found.items()
        }

    def _score(self, metric: str, split: Split, rung: int, parts: tuple[Tensor, Tensor, Tensor | None]) -> Score:
        """`parts` are values, weights and groups."""
        if not bool(parts[0].isfinite().all()):
            raise TrainingFailed(f"{metric} on {split.value} became nan or infinite after step {self._step}")
        estimate = self.task.metric(metric).score(*parts)
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


def _evaluation_batch(signature: Signature) -> int:
    return max(1, min(_EVALUATION_BATCH, _EVALUATION_OUTPUTS // signature.outputs))

"""One stretch of training by one criterion: its loss, optimiser, schedule and order of examples."""

import math
from collections.abc import Iterator
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from paretoformer.evaluators.batches import training_batches
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.optimiser import learning_rate, make_optimiser
from paretoformer.evaluators.task import Task
from paretoformer.records.canonical import derived_seed
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.contract import Model, auxiliary_loss, served


class TrainingFailed(Exception):
    """Training cannot go on; the message is one sentence that says why and where."""


class Phase:
    """Trains `model` by the criterion that `text` names, for `steps` steps from its own step 0.

    What the criterion draws in a step depends on seed and step alone, so that a phase can be taken up at any step.
    """

    def __init__(self, text: str, model: Model, task: Task, recipe: Recipe, *, steps: int, seed: int) -> None:
        self.model, self.recipe, self.steps, self.step = model, recipe, steps, 0
        self._task, self._seed, self._drawn = task, seed, derived_seed(seed, "criterion")
        device = next(model.parameters()).device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derived_seed(seed, "objective"))
            self.objective = criterion(text).bind(model, task).to(device)
        self._trained = nn.ModuleList((model, self.objective))
        # Kept, since walking all modules in every step tells in the smallest models.
        self._weights, self._served = list(self._trained.parameters()), served(model)
        self.optimiser = make_optimiser(self._trained, recipe)
        self._batches: Iterator[Examples] | None = None

    def take_step(self, device: torch.device) -> None:
        """One batch, one change of the weights.

        Raises:
            TrainingFailed: the loss became nan or infinite.
        """
        rate = learning_rate(self.recipe, self.step, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._loss(device)
        value = loss.item()
        if not math.isfinite(value):
            where = f"step {self.step + 1} of {self.steps}"
            raise TrainingFailed(f"loss became {value} at {where}, learning rate {self.recipe.learning_rate:g}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights, self.recipe.clip)
        self.optimiser.step()
        self.step += 1

    def _loss(self, device: torch.device) -> Tensor:
        if self._batches is None:
            seed = derived_seed(self._seed, "batches")
            self._batches = training_batches(self._task.examples(Split.TRAIN), self.recipe.batch, seed, skip=self.step)
        batch = next(self._batches).to(device)
        drawn = torch.Generator().manual_seed(self._drawn + self.step)
        narrow = self.recipe.precision == "bf16"
        with torch.autocast(device.type, torch.bfloat16) if narrow else nullcontext():
            loss: Tensor = self.objective(batch, drawn)
        own = auxiliary_loss(self._served)
        return loss if own is None else loss + own

"""Proxies: what an untrained model says of how good it will be, found by importing their folder."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.task import Task
from paretoformer.records.canonical import derived_seed
from paretoformer.records.registry import Registry
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model, auxiliary_loss

EXAMPLES = 32
"""Those that a proxy sees."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """An architecture that nobody has trained, and a batch of a task; everything drawn is a function of `seed`."""

    architecture: Architecture
    task: Task
    batch: Examples
    seed: int = 0

    @cached_property
    def model(self) -> Model:
        """The model as it begins, in evaluation mode; each proxy is given a probe of its own."""
        return build(self.architecture, self.task.signature, seed=derived_seed(self.seed, "weights")).eval()

    def loss(self) -> Tensor:
        """What the task's recipe would minimise, on the batch."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derived_seed(self.seed, "objective"))
            objective = criterion(self.task.recipe.criterion).bind(self.model, self.task)
            loss: Tensor = objective(self.batch, torch.Generator().manual_seed(derived_seed(self.seed, "criterion")))
        more = auxiliary_loss(self.model)
        return loss if more is None else loss + more


Score = Callable[[Probe], float]
"""Larger is expected to be better; not a number where the model gives none."""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A score that needs no training."""

    name: str
    title: str
    papers: tuple[int, ...]
    score: Score

    def __call__(self, architecture: Architecture, task: Task, batch: Examples, *, seed: int = 0) -> float:
        """The score of an architecture that is valid for the task; torch's global generator is left as it was."""
        return self.score(Probe(architecture=architecture, task=task, batch=batch, seed=seed))


_PROXIES: Registry[Proxy] = Registry("proxy", "paretoformer.evaluators.proxies")


def register_proxy(name: str, title: str, *, papers: tuple[int, ...] = ()) -> Callable[[Score], Score]:
    """Decorator that gives a score its name.

    Raises:
        ValueError: the name is taken.
    """

    def add(score: Score) -> Score:
        _PROXIES.add(name, Proxy(name=name, title=title, papers=papers, score=score))
        return score

    return add


def proxies() -> tuple[Proxy, ...]:
    """Every proxy, by name."""
    return _PROXIES.all()


def probe_batch(task: Task, seed: int = 0) -> Examples:
    """Training examples drawn by the seed, all where a task has fewer."""
    examples = task.examples(Split.TRAIN)
    generator = torch.Generator().manual_seed(derived_seed(seed, "probe"))
    return examples.take(torch.randperm(len(examples), generator=generator)[:EXAMPLES]).trimmed()

"""Optuna's samplers over the flat box, fed from our own rows and free of state of their own."""

import warnings
from abc import abstractmethod
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from paretoformer.records.canonical import derived_seed
from paretoformer.records.trial import Gene, Outcome, Point
from paretoformer.search_spaces.domain import Choices, Domain, FloatRange, IntRange
from paretoformer.studies.engines.base import Engine, Problem

optuna.logging.set_verbosity(optuna.logging.WARNING)


class OptunaEngine(Engine):
    """Base of engines that ask an Optuna sampler.

    An in-memory study holds what the sampler may see. A trial that was asked for is failed at once, and samplers do
    not look at failed trials, so that nothing but the outcomes told has an influence.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._distributions = {gene.key: _distribution(gene.domain) for gene in problem.space.genes}
        self._ordinals = {
            gene.key: gene.domain.options
            for gene in problem.space.genes
            if isinstance(gene.domain, Choices) and _ordered(gene.domain)
        }

    @abstractmethod
    def sampler(self, seed: int) -> BaseSampler:
        """A fresh sampler."""

    def new_study(self, trials: list[FrozenTrial]) -> optuna.Study:
        """An in-memory study that holds `trials`."""
        study = optuna.create_study(directions=["minimize"] * self.problem.objectives)
        study.add_trials(trials)
        return study

    def sample(self, study: optuna.Study, number: int, attempt: int) -> Point:
        """One point from the sampler, with a seed of its own for each number and attempt."""
        study.sampler = self.sampler(derived_seed(self.problem.seed, "ask", number, attempt))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            trial = study.ask(self._distributions)
            study.tell(trial, state=TrialState.FAIL)
        return {key: self._value(key, value) for key, value in trial.params.items()}

    def frozen(self, outcome: Outcome, attributes: dict[str, Any] | None = None) -> FrozenTrial | None:
        """The outcome as Optuna sees it, or None where there is nothing to learn from.

        Infeasible and pruned trials are complete ones: the first with positive constraints and, where they were never
        scored, zeros for values, which no sampler compares; the second with the values of their rung.
        """
        infeasible = any(violation > 0 for violation in outcome.violations.values())
        if not outcome.values and not infeasible:
            return None
        point = self.problem.space.fill(outcome.point)
        return create_trial(
            state=TrialState.COMPLETE,
            values=list(outcome.values) or [0.0] * self.problem.objectives,
            params={key: self._coordinate(key, value) for key, value in point.items()},
            distributions=self._distributions,
            constraints=outcome.violations or None,
            system_attrs=attributes or {},
        )

    def _value(self, key: str, coordinate: Any) -> Gene:
        value: Gene = self._ordinals[key][coordinate] if key in self._ordinals else coordinate
        return value

    def _coordinate(self, key: str, value: Gene) -> Any:
        return self._ordinals[key].index(value) if key in self._ordinals else value


def _ordered(domain: Choices) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in domain.options)


def _distribution(domain: Domain) -> BaseDistribution:
    """Numbers in a list keep their order: Optuna sees their place in it."""
    if isinstance(domain, IntRange):
        return IntDistribution(domain.low, domain.high, step=domain.step)
    if isinstance(domain, FloatRange):
        return FloatDistribution(domain.low, domain.high, log=domain.log)
    if _ordered(domain):
        return IntDistribution(0, len(domain.options) - 1)
    return CategoricalDistribution(domain.options)

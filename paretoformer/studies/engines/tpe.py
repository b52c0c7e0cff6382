"""Optuna's multivariate tree-structured Parzen estimator over a window of outcomes."""

import warnings
from collections import deque

import optuna
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial

from paretoformer.records.trial import Outcome
from paretoformer.studies.engines.base import Problem, Proposal, register_engine
from paretoformer.studies.engines.optuna_study import OptunaEngine

HALF_WINDOW = 100
"""The sampler sees the last 100 to 199 outcomes: its time grows with what it sees."""


@register_engine("tpe")
class Tpe(OptunaEngine):
    """Proposes where good outcomes are dense and poor ones are not; the first ten are random.

    The window starts at a multiple of 100 outcomes, so that it depends on how many were told and on nothing else.
    Source: Ozaki et al. 2022 (multi-objective TPE), through Optuna.
    """

    title = "Optuna's multivariate TPE"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._window: deque[FrozenTrial] = deque(maxlen=HALF_WINDOW)
        self._told = 0
        self._study = self.new_study([])

    def sampler(self, seed: int) -> TPESampler:
        """Multivariate, and without regard to running trials: they are not part of the history."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return TPESampler(seed=seed, multivariate=True, constant_liar=False)

    def tell(self, outcome: Outcome) -> None:
        """Add it to the window; the older half falls out when the window is full."""
        trial = self.frozen(outcome)
        if trial is None:
            return
        if self._told and self._told % HALF_WINDOW == 0:
            self._study = self.new_study(list(self._window))
        self._study.add_trial(trial)
        self._window.append(trial)
        self._told += 1

    def ask(self, number: int, attempt: int = 0) -> Proposal:
        """The sampler's best of 24 candidates."""
        return Proposal(point=self.sample(self._study, number, attempt))

"""Uniform sampling of the flat box."""

from optuna.samplers import RandomSampler

from paretoformer.records.trial import Outcome
from paretoformer.studies.engines.base import Problem, Proposal, register_engine
from paretoformer.studies.engines.optuna_study import OptunaEngine


@register_engine("random")
class Random(OptunaEngine):
    """Every gene uniform (log-uniform where its range says so), whatever came before."""

    title = "uniform sampling; the baseline"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._study = self.new_study([])

    def sampler(self, seed: int) -> RandomSampler:
        """Optuna's random sampler."""
        return RandomSampler(seed=seed)

    def tell(self, outcome: Outcome) -> None:
        """Nothing to learn."""

    def ask(self, number: int, attempt: int = 0) -> Proposal:
        """A uniform point."""
        return Proposal(point=self.sample(self._study, number, attempt))

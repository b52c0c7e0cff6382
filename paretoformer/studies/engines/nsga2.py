"""Optuna's NSGA-II with generations that outlive a process."""

from optuna.samplers import NSGAIISampler
from optuna.trial import FrozenTrial

from paretoformer.records.trial import Outcome
from paretoformer.studies.engines.base import Problem, Proposal, register_engine
from paretoformer.studies.engines.optuna_study import OptunaEngine

POPULATION = 20
_GENERATION = "NSGAIISampler:generation"


@register_engine("nsga2")
class Nsga2(OptunaEngine):
    """Crossover and mutation of the non-dominated among the last generation and its parents.

    A proposal's memo holds its generation. A generation is its first `POPULATION` outcomes in commit order; later ones
    of the same generation are too late to count. The sampler sees generation g - 1 and its parents as its own
    generation 0, so that it need not go back to the beginning.
    Source: Deb et al. 2002, through Optuna.
    """

    title = "Optuna's NSGA-II, population 20"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._generation = 0
        self._members: list[FrozenTrial] = []
        self._parents: list[FrozenTrial] = []
        self._study = self.new_study([])

    def sampler(self, seed: int) -> NSGAIISampler:
        """Population 20, Optuna's other defaults."""
        return NSGAIISampler(population_size=POPULATION, seed=seed)

    def tell(self, outcome: Outcome) -> None:
        """Count it to its generation; a full generation becomes the parents of the next."""
        born = (outcome.memo or {}).get("generation", 0)
        trial = self.frozen(outcome, {_GENERATION: 0})
        if trial is None or born != self._generation:
            return
        self._members.append(trial)
        if len(self._members) >= POPULATION:
            self._study = self.new_study(self._members + self._parents)
            self._parents = self.sampler(0).get_parent_population(self._study, 1)
            self._members = []
            self._generation += 1

    def ask(self, number: int, attempt: int = 0) -> Proposal:
        """A child of the last full generation, or a random point while there is none."""
        return Proposal(point=self.sample(self._study, number, attempt), memo={"generation": self._generation})

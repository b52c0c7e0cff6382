"""Proposals as a pure function of the study, the trial's number and the outcomes it may know."""

from collections.abc import Callable
from dataclasses import dataclass

from paretoformer.records.errors import InvalidArchitecture
from paretoformer.records.trial import Outcome, Point, TrialState
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.studies.engines.base import Engine, Problem, Proposal, engine
from paretoformer.studies.spec import StudySpec

ATTEMPTS = 20
"""How often an engine is asked again when its point is invalid or known: asking costs little, a trial does not."""

Outcomes = Callable[[int, int], list[Outcome]]
"""Outcomes with order numbers above the first and up to the second, in commit order."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A proposal with what it decodes to; `reasons` says why it is invalid, `known` that its architecture was seen."""

    proposal: Proposal
    point: Point
    identity: str | None
    reasons: tuple[str, ...]
    known: bool


class Proposer:
    """Keeps an engine in step with a study's outcomes, and rebuilds it to look at an earlier moment."""

    def __init__(self, spec: StudySpec, outcomes: Outcomes) -> None:
        self._spec, self._outcomes = spec, outcomes
        self._engine, self._seen = self._fresh()
        self._history = 0

    def draw(self, number: int, history: int) -> Drawn:
        """The proposal of trial `number`, knowing the outcomes up to `history`.

        The engine is asked until its point is valid and new, at most `ATTEMPTS` times; the last answer stands.
        """
        self._look_at(history)
        for attempt in range(ATTEMPTS):
            drawn = self._drawn(self._engine.ask(number, attempt))
            if not drawn.reasons and not drawn.known:
                break
        return drawn

    def _look_at(self, history: int) -> None:
        if history < self._history:
            self._engine, self._seen = self._fresh()
            self._history = 0
        for outcome in self._outcomes(self._history, history):
            self._engine.tell(outcome)
            identity = self._identity(outcome.point)
            if identity and outcome.state is not TrialState.INVALID:
                self._seen.add(identity)
        self._history = history

    def _fresh(self) -> tuple[Engine, set[str]]:
        spec = self._spec
        problem = Problem(space=spec.space, objectives=len(spec.columns), seed=spec.seed)
        return engine(spec.engine)(problem), set()

    def _drawn(self, proposal: Proposal) -> Drawn:
        point = self._spec.space.trim(proposal.point)
        reasons = self._spec.space.explain(point, self._spec.signature)
        identity = None if reasons else self._identity(point)
        return Drawn(
            proposal=proposal, point=point, identity=identity, reasons=reasons, known=identity in self._seen
        )

    def _identity(self, point: Point) -> str | None:
        """What makes two proposals the same run: the architecture and the changes to the recipe."""
        try:
            candidate = self._spec.space.decode(point)
        except InvalidArchitecture:
            return None
        return identity(candidate.architecture, candidate.recipe_changes)


def identity(architecture: Architecture, recipe_changes: dict[str, float]) -> str:
    """The architecture's digest, with the recipe's changed fields where a space has any."""
    changes = ",".join(f"{name}={value!r}" for name, value in sorted(recipe_changes.items()))
    return f"{architecture.digest} {changes}".strip()

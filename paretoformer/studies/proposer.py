"""Proposals as a pure function of the study, the trial's number and the outcomes it may know."""

from collections.abc import Callable
from dataclasses import dataclass

from paretoformer.records.canonical import digest
from paretoformer.records.errors import InvalidArchitecture
from paretoformer.records.trial import Outcome, Point, TrialState
from paretoformer.search_spaces.decode import Candidate
from paretoformer.studies.engines.base import Engine, Problem, Proposal, engine
from paretoformer.studies.spec import StudySpec

ATTEMPTS = 20
"""How often an engine is asked again when its point is invalid or known: asking costs little, a trial does not."""

UNSEEN = (TrialState.INVALID, TrialState.FAILED)
"""Ends after which an architecture may be proposed again: it was never looked at, or may have fallen to an accident."""

Outcomes = Callable[[int, int], list[Outcome]]
"""Outcomes with order numbers above the first and up to the second, in commit order."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A proposal with what it decodes to.

    `reasons` says why it is invalid; `known` is the earlier outcome with the same architecture and recipe.
    """

    proposal: Proposal
    point: Point
    candidate: Candidate | None
    reasons: tuple[str, ...]
    known: Outcome | None


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
            if not drawn.reasons and drawn.known is None:
                break
        return drawn

    def _look_at(self, history: int) -> None:
        if history < self._history:
            self._engine, self._seen = self._fresh()
            self._history = 0
        for outcome in self._outcomes(self._history, history):
            self._engine.tell(outcome)
            candidate = None if outcome.state in UNSEEN else self._decoded(outcome.point)
            if candidate:
                self._seen.setdefault(identity(candidate), outcome)
        self._history = history

    def _fresh(self) -> tuple[Engine, dict[str, Outcome]]:
        spec = self._spec
        problem = Problem(space=spec.space, objectives=len(spec.columns), seed=spec.seed)
        return engine(spec.engine)(problem), {}

    def _drawn(self, proposal: Proposal) -> Drawn:
        point = self._spec.space.trim(proposal.point)
        reasons = self._spec.space.explain(point, self._spec.signature)
        candidate = None if reasons else self._decoded(point)
        known = self._seen.get(identity(candidate)) if candidate else None
        return Drawn(proposal=proposal, point=point, candidate=candidate, reasons=reasons, known=known)

    def _decoded(self, point: Point) -> Candidate | None:
        try:
            return self._spec.space.decode(point)
        except InvalidArchitecture:
            return None


def identity(candidate: Candidate) -> str:
    """What makes two proposals the same run: the architecture's digest, and what is changed of the recipe."""
    return digest([candidate.architecture.digest, candidate.recipe_changes])

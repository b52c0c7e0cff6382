"""Noticing that a small space has nothing new to offer."""

from collections.abc import Iterator, Sequence

from paretoformer.records.errors import InvalidArchitecture
from paretoformer.records.trial import Outcome, Point, TrialState
from paretoformer.studies.proposer import identity
from paretoformer.studies.spec import StudySpec

ENUMERABLE = 10_000


class Exhaustion:
    """Compares what a study has tried, failed trials among it, with everything its space can give, if that can be listed."""

    def __init__(self, spec: StudySpec) -> None:
        self._spec = spec
        self._known: list[str] = []
        self._rest = self._identities()
        self.reached = False

    def look(self, outcomes: Sequence[Outcome]) -> None:
        """Set `reached` if no valid architecture is left; quick where one is left that lies early in the space."""
        size = self._spec.space.count()
        if size is None or size > ENUMERABLE or not outcomes:
            return
        tried = {self._identity(outcome.point) for outcome in outcomes if outcome.state is not TrialState.INVALID}
        self.reached = all(each in tried for each in self.valid())

    def valid(self) -> Iterator[str]:
        """Identities of the valid points of the space; listed once, as far as anyone has asked."""
        yield from self._known
        for each in self._rest:
            self._known.append(each)
            yield each

    def _identity(self, point: Point) -> str | None:
        """What a point stands for; None where nothing was proposed, or what is invalid, before a trial failed."""
        try:
            return identity(self._spec.space.decode(point)) if point else None
        except InvalidArchitecture:
            return None

    def _identities(self) -> Iterator[str]:
        space, signature = self._spec.space, self._spec.signature
        for point in space.enumerate(ENUMERABLE):
            if not space.explain(point, signature):
                yield identity(space.decode(point))

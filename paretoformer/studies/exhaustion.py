"""Noticing that a small space has nothing new to offer."""

from collections.abc import Sequence

from paretoformer.records.trial import Outcome
from paretoformer.studies.proposer import UNSEEN, identity
from paretoformer.studies.spec import StudySpec

ENUMERABLE = 10_000


class Exhaustion:
    """Compares what a study has tried with everything its space can give, where that can be listed."""

    def __init__(self, spec: StudySpec) -> None:
        self._spec = spec
        self._valid: frozenset[str] | None = None
        self.reached = False

    def look(self, outcomes: Sequence[Outcome]) -> None:
        """Set `reached` if no valid architecture is left; called when an engine found nothing new."""
        size = self._spec.space.count()
        if size is None or size > ENUMERABLE:
            return
        tried = {identity(self._spec.space.decode(o.point)) for o in outcomes if o.state not in UNSEEN}
        self.reached = self.valid <= tried

    @property
    def valid(self) -> frozenset[str]:
        """Identities of all valid points of the space."""
        if self._valid is None:
            space, signature = self._spec.space, self._spec.signature
            points = (point for point in space.enumerate(ENUMERABLE) if not space.explain(point, signature))
            self._valid = frozenset(identity(space.decode(point)) for point in points)
        return self._valid

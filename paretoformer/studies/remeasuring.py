"""Measuring the members of a study's fronts anew, so that none stands there by luck in what chose it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.records.errors import Unavailable
from paretoformer.store.rows import TrialRow
from paretoformer.studies.bench import Workbench
from paretoformer.studies.closing import Closing, Kept
from paretoformer.studies.ending import Drained
from paretoformer.studies.joules import Joules
from paretoformer.studies.rounds import Need
from paretoformer.studies.study import Study

STEP = "re-measuring the front"
ELSEWHERE = "they were measured on another device or by another version of the method"


class Remeasuring:
    """Measures members that were not measured anew yet, forms the fronts again, and goes on until there are none.

    Each round measures at least one more point, so that it ends. What was measured anew once, in whatever study, stands.

    Args:
        bench: the study, opened.
        say: told before each member how far it is.
    """

    def __init__(self, bench: Workbench, say: Callable[[Closing], None]) -> None:
        self._bench, self._say = bench, say
        self._kept: dict[tuple[int, str, str], Kept] = {}
        self._done = 0

    def run(self) -> tuple[Kept, ...]:
        """What could not be measured anew, whose old figures stand.

        Raises:
            Drained: the worker was asked to stop; what was measured is kept.
        """
        while waiting := self._waiting():
            total = self._done + len(waiting)
            for trial, subject, needs in waiting:
                self._say(Closing(step=STEP, done=self._done, of=total, kept=self.kept))
                self._remeasure(trial, subject, needs)
                self._done += 1
        return self.kept

    @property
    def kept(self) -> tuple[Kept, ...]:
        """What could not be measured anew so far."""
        return tuple(self._kept.values())

    def _waiting(self) -> list[tuple[TrialRow, Subject, list[Need]]]:
        """Members of the fronts as they are now, with what is to be measured of each."""
        study = Study(self._bench.store, self._bench.study)
        trials = {trial.number: trial for trial in study.trials}
        found = []
        for point in study.members() if self._bench.measurer.remeasurable else ():
            trial = trials[point.number]
            subject = Subject(architecture=point.architecture, signature=study.spec.signature)
            needs = list(self._needed(trial, subject))
            if needs:
                found.append((trial, subject, needs))
        return found

    def _needed(self, trial: TrialRow, subject: Subject) -> Iterator[Need]:
        for need in self._bench.measurer.remeasurable:
            if self._key(trial, need) in self._kept:
                continue
            known = self._bench.measurer.is_remeasured(subject, need)
            if known is None:
                self._keep(trial, need, ELSEWHERE)
            elif not known:
                yield need

    def _remeasure(self, trial: TrialRow, subject: Subject, needs: list[Need]) -> None:
        with self._spending(trial):
            for need in needs:
                if self._bench.draining():
                    raise Drained
                try:
                    self._bench.measurer.remeasure(subject, need, trial.id)
                except (MeasuringFailed, Unavailable) as error:
                    self._keep(trial, need, str(error))

    @contextmanager
    def _spending(self, trial: TrialRow) -> Iterator[None]:
        """Add what it takes to the trial's account."""
        seconds, joules = self._bench.seconds(), Joules(self._bench.counter)
        try:
            with seconds.of("measuring"), joules.of("measuring"):
                yield
        finally:
            self._bench.store.trials.add_spent(trial.id, seconds=seconds.all(), joules=joules.to_json())

    def _keep(self, trial: TrialRow, need: Need, reason: str) -> None:
        self._kept[self._key(trial, need)] = Kept(trial=trial.number, target=str(need.target), reason=reason)

    @staticmethod
    def _key(trial: TrialRow, need: Need) -> tuple[int, str, str]:
        return trial.number, str(need.target), need.meter.method

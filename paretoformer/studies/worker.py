"""A worker: a process that opens a study and works until nothing is left to do."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from paretoformer import __version__
from paretoformer.records.trial import TrialState
from paretoformer.store.errors import LeaseLost
from paretoformer.store.rows import TrialRow
from paretoformer.studies.bench import Workbench
from paretoformer.studies.conclusion import conclude, drop_weights
from paretoformer.studies.ending import Drained, Ending
from paretoformer.studies.exhaustion import Exhaustion
from paretoformer.studies.heirs import Process, Watch
from paretoformer.studies.limits import Limits
from paretoformer.studies.presence import Presence
from paretoformer.studies.study import Study
from paretoformer.studies.trial_runner import TrialRunner

BEAT_S = 2.0
IDLE_S = 0.2
SWEEP = 50
"""After how many trials the weights of those that are not on the front are dropped."""


class Worker:
    """Takes trials over or reserves new ones, runs one after the other, and concludes the study after the last.

    Args:
        bench: the study, opened.
        limits: when the study has enough.
        on_end: called after each trial that this worker ended.
    """

    def __init__(
        self,
        bench: Workbench,
        limits: Limits,
        on_end: Callable[[TrialRow, Ending], None] = lambda trial, ending: None,
    ) -> None:
        self._bench, self._limits, self._on_end = bench, limits, on_end
        self._watch = Watch(bench.store, bench.study)
        self._exhaustion = Exhaustion(bench.spec)
        self._presence = Presence(bench.checkpoints.artifacts)
        self.id = uuid.uuid4().hex

    def work(self) -> None:
        """Work until the limits are reached, the space is exhausted, or the bench is drained."""
        self._exhaustion.look(self._bench.store.trials.outcomes(self._bench.study))
        with self._registered():
            while not self._bench.draining():
                trial = self._next()
                if trial is not None:
                    self._run(trial)
                elif self._bench.store.trials.live(self._bench.study):
                    time.sleep(IDLE_S)
                else:
                    with suppress(Drained):
                        conclude(self._bench)
                    return

    def _next(self) -> TrialRow | None:
        trials = self._bench.store.trials
        for orphan in self._watch.orphans():
            taken = trials.take_over(orphan, self.id, died=self._presence.left_behind(orphan.owner))
            if taken is not None:
                self._presence.leave(orphan.owner or "")
                return taken
        if self._enough():
            return None
        return trials.reserve(self._bench.study, self.id, limit=self._limits.trials)

    def _enough(self) -> bool:
        if self._exhaustion.reached:
            return True
        hours = self._limits.hours
        return hours is not None and self._bench.store.reads.active_seconds(self._bench.study) >= hours * 3600

    def _run(self, trial: TrialRow) -> None:
        try:
            ending = TrialRunner(self._bench, trial).run()
        except (Drained, LeaseLost):
            return
        if ending.state in (TrialState.DUPLICATE, TrialState.FAILED):
            self._exhaustion.look(self._bench.store.trials.outcomes(self._bench.study))
        if trial.number % SWEEP == 0:
            drop_weights(self._bench, Study(self._bench.store, self._bench.study))
        self._on_end(trial, ending)

    @contextmanager
    def _registered(self) -> Iterator[None]:
        """On the list of workers, with a beating heart; what is left undone is handed back."""
        store, me = self._bench.store, Process.mine()
        store.workers.register(
            self.id,
            study_id=self._bench.study,
            host=me.host,
            pid=me.pid,
            process_started=me.started,
            version=__version__,
        )
        self._presence.arrive(self.id)
        stopped = threading.Event()
        heart = threading.Thread(target=self._beat, args=(stopped,), daemon=True)
        heart.start()
        try:
            yield
        finally:
            stopped.set()
            heart.join()
            self._presence.leave(self.id)
            store.trials.release(self.id)
            store.workers.leave(self.id)

    def _beat(self, stopped: threading.Event) -> None:
        while not stopped.wait(BEAT_S):
            try:
                self._bench.store.trials.heartbeat(self.id)
                self._bench.store.workers.beat(self.id)
            except Exception:  # a heart that stopped would give the trial away; the next write of its worker tells
                continue

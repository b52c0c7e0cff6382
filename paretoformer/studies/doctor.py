"""Looking over a stored study for what a crash may have left, and mending what can be mended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.store.rows import RunState, StudyState
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.heirs import Watch
from paretoformer.studies.study import Study


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as it should be; `mend` puts it right, None where nothing can."""

    sentence: str
    mend: Callable[[], object] | None = None

    @property
    def repairable(self) -> bool:
        """Whether it can be put right."""
        return self.mend is not None


def examine(store: Store, name: str, artifacts: Path) -> list[Finding]:
    """Everything that is wrong with a study; `artifacts` is where its weights should lie.

    A trial of another host is not judged: only a worker that watches it for a while can tell that it is orphaned.

    Raises:
        UserError: no such study.
    """
    study = Study(store, store.studies.get(name).id)
    watch = Watch(store, study.row.id)
    return [
        *_orphans(study, watch),
        *_idle_runs(study),
        *_incomplete(study),
        *_gaps("trial", [trial.number for trial in study.trials], study.row.trials),
        *_gaps("outcome", [trial.outcome for trial in study.trials if trial.outcome], study.row.outcomes),
        *_too_early(study),
        *_lost_weights(study, Checkpoints(artifacts)),
    ]


def repair(findings: Sequence[Finding]) -> list[Finding]:
    """Mend what can be mended, from a store that is open for writing; what was mended."""
    mended = [finding for finding in findings if finding.repairable]
    for finding in mended:
        assert finding.mend
        finding.mend()
    return mended


def _orphans(study: Study, watch: Watch) -> Iterator[Finding]:
    for trial in watch.orphans():
        if trial.owner is not None:
            yield Finding(
                sentence=f"Trial {trial.number} is under way, and the process of its worker is gone.",
                mend=partial(study.store.trials.release, trial.owner),
            )


def _idle_runs(study: Study) -> Iterator[Finding]:
    """Runs that no live trial of any study works on, though they are marked as running."""
    store = study.store
    numbers: dict[int, list[int]] = {}
    for trial in study.trials:
        for run in study.replicates(trial.run) if trial.run else ():
            numbers.setdefault(run.id, []).append(trial.number)
    running = [study.runs[number] for number in numbers if study.runs[number].state is RunState.RUNNING]
    busy = {
        run.id
        for each in (store.studies.all() if running else ())
        for other in (Study(store, each.id),)
        for trial in other.trials
        if trial.run and not trial.state.ended
        for run in other.replicates(trial.run)
    }
    for run in running:
        if run.id not in busy:
            named = ", ".join(map(str, numbers[run.id]))
            yield Finding(
                sentence=f"The training of trial {named} is marked as running, and nobody works on it.",
                mend=partial(store.runs.set_state, run.id, RunState.STOPPED, seconds=run.seconds, error=run.error),
            )


def _incomplete(study: Study) -> Iterator[Finding]:
    wanted = {(name, str(target)) for name, target in study.spec.target_costs}
    for trial in study.trials:
        if trial.state is not TrialState.COMPLETE:
            continue
        if trial.run is None or trial.architecture is None:
            yield Finding(sentence=f"Trial {trial.number} is complete without a run or an architecture.")
            continue
        runs = study.replicates(trial.run)
        if len(runs) < study.spec.replicates or not all(study.final_scores(run.id) for run in runs):
            yield Finding(sentence=f"Trial {trial.number} is complete without scores.")
        if any(run.state is not RunState.COMPLETE for run in runs):
            yield Finding(sentence=f"Trial {trial.number} is complete, and its training is not.")
        for quantity, target in sorted(wanted - set(study.costs.get(trial.architecture, {}))):
            yield Finding(sentence=f"Trial {trial.number} is complete without its {quantity} on {target}.")


def _gaps(kind: str, numbers: Sequence[int], last: int) -> Iterator[Finding]:
    missing = sorted(set(range(1, last + 1)) - set(numbers))
    if missing:
        yield Finding(sentence=f"Of {last} {kind} numbers, {', '.join(map(str, missing))} are missing.")
    beyond = sorted(number for number in numbers if number > last)
    if beyond:
        yield Finding(sentence=f"There are {kind} numbers beyond the last, {last}: {', '.join(map(str, beyond))}.")


def _too_early(study: Study) -> Iterator[Finding]:
    live = [trial.number for trial in study.trials if not trial.state.ended]
    if study.row.state is StudyState.ENDED and live:
        yield Finding(
            sentence=f"The study is marked as ended, and these trials are not: {', '.join(map(str, live))}.",
            mend=partial(study.store.studies.set_state, study.row.id, StudyState.RUNNING),
        )


def _lost_weights(study: Study, checkpoints: Checkpoints) -> Iterator[Finding]:
    if any(True for _ in _incomplete(study)):
        return
    for point in study.members():
        path = checkpoints.path(study.run_of(point).key)  # an export takes those of the first replicate
        if not path.exists():
            yield Finding(
                sentence=f"The weights of trial {point.number}, a member of the front, are not at {path}; "
                "an export trains it again."
            )

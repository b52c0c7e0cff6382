"""The way of one trial, from its number to its end."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.serving import serving_problems
from paretoformer.evaluators.trainer import VERSION, Trainer, TrainingFailed
from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.records.canonical import digest
from paretoformer.records.recipe import Recipe
from paretoformer.records.trial import Score, TrialState, of_last_rung
from paretoformer.search_spaces.activations import peak_activation_bytes
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model
from paretoformer.search_spaces.counts import count
from paretoformer.store.errors import LeaseLost, StoreFull, StoreUnavailable
from paretoformer.store.rows import RunRow, RunState, TrialRow
from paretoformer.studies.bench import Workbench
from paretoformer.studies.checkpoints import ArtifactsUnwritable
from paretoformer.studies.ending import Drained, Ended, Ending
from paretoformer.studies.front import Interval
from paretoformer.studies.gates import counted_values, gate, measured_values, scored_values
from paretoformer.studies.joules import Joules
from paretoformer.studies.measurer import Costs
from paretoformer.studies.memory import out_of_memory
from paretoformer.studies.points import column_intervals
from paretoformer.studies.proposer import UNSEEN, Drawn
from paretoformer.studies.replicates import over_replicates, replicate_key
from paretoformer.studies.seeds import initial_seed, training_seed
from paretoformer.studies.stations import StationGone

MOST_DEATHS = 2
"""A trial whose workers were gone this often, and nothing of it kept between, is failed: it may be what kills them."""
DIED = f"its worker's process died at it {MOST_DEATHS} times; the system ends processes so when memory runs out"


class TrialRunner:
    """Takes one reserved trial to its end; every step writes its row as it happens."""

    def __init__(self, bench: Workbench, trial: TrialRow) -> None:
        self._bench, self._trial = bench, trial
        self._seconds, self._joules = bench.seconds(), Joules(bench.counter)
        self._began = bench.clock()

    def run(self) -> Ending:
        """The end, which is stored already.

        Raises:
            Drained: the worker was asked to stop; the trial is still live.
            LeaseLost: another worker has taken the trial over; nothing of ours counts any more.
            StoreUnavailable, StoreFull, ArtifactsUnwritable: what is found out cannot be kept; the trial is still live.
            StationGone: nobody measures on another host's target any more; the trial is still live.
        """
        try:
            ending = self._ending()
        except (Drained, LeaseLost, StationGone, ArtifactsUnwritable):
            self._keep_spent()
            raise
        row = self._bench.store.trials.end(
            self._trial,
            ending.state,
            reason=ending.reason,
            values=ending.values,
            violations=ending.violations,
            seconds=self._seconds.take(),
            joules=self._joules.take(),
        )
        if row.run is not None and ending.state is not TrialState.COMPLETE:
            self._stop(row.run)
        return ending

    def _stop(self, run: int) -> None:
        """Leave no run behind that is marked as running and that nobody works on, by this worker or one that died at it."""
        spec, runs = self._bench.spec, self._bench.store.runs
        first = runs.get(run).key
        runs.stop(run, [replicate_key(first, spec.seed, index) for index in range(spec.replicates)])

    def _keep_spent(self) -> None:
        """Add to the trial's row what this attempt spent since it last did, so that it counts whoever ends the trial."""
        self._bench.store.trials.add_spent(self._trial.id, seconds=self._seconds.take(), joules=self._joules.take())

    @contextmanager
    def _spending(self, kind: str) -> Iterator[None]:
        with self._seconds.of(kind), self._joules.of(kind):
            yield

    def _ending(self) -> Ending:
        try:
            return self._steps()
        except (Drained, LeaseLost, StationGone, StoreFull, StoreUnavailable, ArtifactsUnwritable):
            raise
        except Ended as ended:
            return ended.ending
        except CannotRun as error:  # which an engine should learn from, as from any other invalid combination
            return Ending(state=TrialState.INVALID, reason=str(error), violations={"valid": 1.0})
        except (TrainingFailed, MeasuringFailed) as error:
            return Ending(state=TrialState.FAILED, reason=str(error))
        except Exception as error:
            return Ending(state=TrialState.FAILED, reason=_crash(error))

    def _steps(self) -> Ending:
        bench = self._bench
        if self._trial.deaths >= MOST_DEATHS:
            raise Ended(Ending(state=TrialState.FAILED, reason=DIED))
        drawn = bench.proposer.draw(self._trial.number, self._trial.history)
        subject, recipe = self._proposed(drawn)
        self._check_serving(subject, recipe)
        counts = self._counted(subject)
        violations = gate(counted_values(bench.spec, counts))
        run = self._claimed(subject, recipe)
        with self._spending("measuring"):
            costs = bench.measurer.before_training(subject, self._trial.id)
        self._keep_spent()
        gate(measured_values(bench.spec, costs))
        scores = over_replicates(
            [self._replicate(index, run, subject, recipe) for index in range(bench.spec.replicates)]
        )
        with self._spending("measuring"):
            costs = bench.measurer.after_training(subject, self._trial.id)
        values = self._values(scores, costs, counts)
        bounds = {**measured_values(bench.spec, costs), **scored_values(bench.spec, scores)}
        violations |= gate(bounds, objectives=values)
        return Ending(state=TrialState.COMPLETE, values=values, violations=violations)

    def _proposed(self, drawn: Drawn) -> tuple[Subject, Recipe]:
        """Store what was drawn; the trial ends here if it is invalid or known."""
        bench = self._bench
        candidate = drawn.candidate
        architecture = candidate.architecture if candidate and not drawn.reasons else None
        if architecture:
            bench.store.architectures.put(architecture.digest, architecture.to_json())
        bench.store.trials.propose(
            self._trial,
            point=drawn.point,
            architecture=architecture.digest if architecture else None,
            memo=drawn.proposal.memo,
        )
        if drawn.reasons or candidate is None or architecture is None:
            reason = "; ".join(drawn.reasons)
            raise Ended(
                Ending(state=TrialState.INVALID, reason=reason, violations={"valid": float(len(drawn.reasons))})
            )
        if drawn.known:
            earlier = drawn.known
            reason = f"the same architecture as trial {earlier.number}"
            raise Ended(
                Ending(state=TrialState.DUPLICATE, reason=reason, values=earlier.values, violations=earlier.violations)
            )
        subject = Subject(architecture=architecture, signature=bench.spec.signature)
        return subject, replace(bench.spec.recipe, **candidate.recipe_changes)

    def _check_serving(self, subject: Subject, recipe: Recipe) -> None:
        """The trial ends here as invalid where the model cannot be trained or scored as the study asks."""
        spec = self._bench.spec
        wanted = {objective.name for objective in spec.objectives} | {bound.name for bound in spec.constraints}

        def make() -> Model:
            return build(subject.architecture, subject.signature, seed=initial_seed(spec.seed))

        reasons = serving_problems(make, self._bench.task, recipe, wanted)
        if reasons:
            violations = {"valid": float(len(reasons))}
            raise Ended(Ending(state=TrialState.INVALID, reason="; ".join(reasons), violations=violations))

    def _counted(self, subject: Subject) -> dict[str, int]:
        """Counts, stored with the model; the peak of activations only where the study asks for it."""
        bench = self._bench
        counts = count(subject.architecture, subject.signature).to_json()
        if "activation_bytes" in bench.spec.costs:
            counts["activation_bytes"] = peak_activation_bytes(subject.architecture, subject.signature)
        bench.store.models.put(subject.architecture.digest, subject.signature.digest, counts)
        return counts

    def _claimed(self, subject: Subject, recipe: Recipe) -> RunRow:
        """The run of this trial, the first of its replicates.

        The trial ends here if an earlier one of the study has the same, or the run failed.
        """
        bench = self._bench
        bench.store.recipes.put(recipe.digest, recipe.to_json())
        parts, seed = self._parts(subject, recipe), training_seed(bench.spec.seed)
        run = bench.store.runs.create_or_get(digest([*parts.values(), seed, VERSION]), **parts, seed=seed)
        bench.store.trials.set_running(self._trial, run=run.id)
        if run.state is RunState.FAILED:  # its key is the same, and so would its end be
            raise Ended(Ending(state=TrialState.FAILED, reason=self._told(0, run.error)))
        for other in bench.store.reads.trials_of_run(bench.study, run.id):
            if other.number < self._trial.number and other.state not in UNSEEN:
                reason = f"the same run as trial {other.number}"
                ending = Ending(
                    state=TrialState.DUPLICATE, reason=reason, values=other.values, violations=other.violations
                )
                raise Ended(ending)
        return run

    def _parts(self, subject: Subject, recipe: Recipe) -> dict[str, str]:
        """What the replicates of this trial have in common."""
        return {
            "architecture": subject.architecture.digest,
            "signature": subject.signature.digest,
            "task": self._bench.task_digest,
            "recipe": recipe.digest,
        }

    def _replicate(self, index: int, first: RunRow, subject: Subject, recipe: Recipe) -> Sequence[Score]:
        """Scores of one replicate; where it fails, or failed before, the trial ends with its reason."""
        bench = self._bench
        seed, key = training_seed(bench.spec.seed, index), replicate_key(first.key, bench.spec.seed, index)
        run = first if index == 0 else bench.store.runs.create_or_get(key, **self._parts(subject, recipe), seed=seed)
        try:
            if run.state is RunState.FAILED:
                raise TrainingFailed(run.error)
            return self._scored(index, run, subject, recipe)
        except TrainingFailed as error:
            raise TrainingFailed(self._told(index, error)) from error

    def _told(self, replicate: int, reason: object) -> str:
        """The reason of a failed training, with the replicate named where there are several."""
        several = self._bench.spec.replicates > 1
        return f"replicate {replicate}: {reason}" if several else str(reason)

    def _scored(self, replicate: int, run: RunRow, subject: Subject, recipe: Recipe) -> Sequence[Score]:
        """Validation scores of the full budget: those of a complete run as they are, else from training.

        What is kept at each rung but the last lets whoever runs the trial next go on from there; scores come first, so that
        none is missing where a snapshot stands.
        """
        bench = self._bench
        if run.state is RunState.COMPLETE:
            return of_last_rung(bench.store.runs.scores(run.id, Split.VALIDATION.value))
        if run.state is RunState.STOPPED:
            bench.store.runs.set_state(run.id, RunState.RUNNING)
        trainer = self._taken_up(replicate, run, subject, recipe)
        scores: Sequence[Score] = ()
        try:
            with self._spending("training"), bench.lease.shared():
                for scores in trainer.run():
                    bench.store.runs.add_scores(run.id, scores)
                    if scores[0].rung + 1 < trainer.rungs:
                        bench.checkpoints.save_snapshot(run.key, trainer.snapshot())
                        self._got_on()
        except TrainingFailed as error:
            bench.store.runs.set_state(run.id, RunState.FAILED, error=str(error))
            bench.checkpoints.drop_snapshot(run.key)
            raise
        bench.checkpoints.save(run.key, trainer.model)
        bench.store.runs.set_state(run.id, RunState.COMPLETE, seconds=scores[0].seconds)
        bench.checkpoints.drop_snapshot(run.key)
        self._got_on()
        return scores

    def _got_on(self) -> None:
        """Whoever runs the trial next goes on from here, so that it is not what killed the workers before.

        What was spent so far is kept, should this worker be killed.
        """
        self._keep_spent()
        if self._trial.deaths:
            self._trial = self._bench.store.trials.got_on(self._trial)

    def _taken_up(self, replicate: int, run: RunRow, subject: Subject, recipe: Recipe) -> Trainer:
        """A trainer that goes on from the last rung that was kept, or begins where nothing usable was."""
        snapshot = self._bench.checkpoints.load_snapshot(run.key)
        trainer = self._trainer(replicate, run, subject, recipe)
        if snapshot is None:
            return trainer
        try:
            trainer.resume(snapshot)
        except (KeyError, ValueError, RuntimeError):  # of another program; the model may be half restored
            return self._trainer(replicate, run, subject, recipe)
        return trainer

    def _trainer(self, replicate: int, run: RunRow, subject: Subject, recipe: Recipe) -> Trainer:
        """At its first step."""
        bench = self._bench
        return Trainer(
            build(subject.architecture, subject.signature, seed=initial_seed(bench.spec.seed, replicate)),
            bench.task,
            recipe,
            seed=run.seed,
            device=bench.device,
            between_steps=self._between_steps,
            clock=bench.clock,
        )

    def _between_steps(self) -> None:
        bench = self._bench
        if bench.draining():
            raise Drained
        if bench.time_limit_s is not None and bench.clock() - self._began > bench.time_limit_s:
            reason = f"not done after its time limit of {bench.time_limit_s:g} s"
            raise Ended(Ending(state=TrialState.FAILED, reason=reason))
        bench.lease.step()

    def _values(self, scores: Mapping[str, Interval], costs: Costs, counts: dict[str, int]) -> tuple[float, ...]:
        found = column_intervals(self._bench.spec.columns, scores, costs, counts)
        return tuple(
            column.oriented(interval.value) for column, interval in zip(self._bench.spec.columns, found, strict=True)
        )


def _crash(error: Exception) -> str:
    """One line that says what happened, then the traceback."""
    first = f"{'out of memory' if out_of_memory(error) else type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return f"{first}\n{''.join(traceback.format_exception(error))}"

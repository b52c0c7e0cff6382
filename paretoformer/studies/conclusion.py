"""The end of a study: its front is measured anew, scored once on test and stored, and only its weights are kept."""

from collections.abc import Callable, Iterator

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.recipe import Recipe
from paretoformer.records.trial import of_last_rung
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model
from paretoformer.store.rows import FrontMemberRow, RunRow, StudyState
from paretoformer.studies.bench import Workbench
from paretoformer.studies.closing import Closing
from paretoformer.studies.ending import Drained
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.remeasuring import Remeasuring
from paretoformer.studies.seeds import initial_seed
from paretoformer.studies.study import Study
from paretoformer.studies.threads import one_thread
from paretoformer.studies.turns import turn

SCORING = "scoring the front on test"


def conclude(bench: Workbench) -> None:
    """Measure the front members anew, score them on test, store the fronts, drop other weights, and mark the study ended.

    What was done before is not done again, and of several workers of this host one does it while the others wait: should it
    die, the next goes on.

    Raises:
        Drained: the worker was asked to stop; the study goes on to its end when it is resumed.
    """

    def wait() -> None:
        if bench.draining():
            raise Drained

    def say(closing: Closing) -> None:
        bench.store.studies.set_closing(bench.study, closing.to_json())

    with turn(bench.checkpoints.artifacts / "workers" / f"end-{bench.study}", wait):
        kept = Remeasuring(bench, say).run()
        study = Study(bench.store, bench.study)
        _score_members(bench, study, lambda done, of: say(Closing(step=SCORING, done=done, of=of, kept=kept)))
        bench.store.fronts.replace(bench.study, _reported(study))
        drop_weights(bench, study)
        say(Closing(kept=kept))
        bench.store.studies.set_state(bench.study, StudyState.ENDED)


def drop_weights(bench: Workbench, study: Study) -> None:
    """Drop the weights of ended trials that are on no front, and what their trainings went on from: disks fill."""
    kept = {run.key for point in study.members() for run in study.replicates(study.run_of(point).id)}
    trials = [trial.run for trial in study.trials if trial.state.ended and trial.run]
    ended = {run.key for first in trials for run in study.replicates(first)}
    bench.checkpoints.keep(kept, among=ended)


def trained_model(
    bench: Workbench, architecture: Architecture, run: RunRow, replicate: int = 0
) -> tuple[Model, Trainer]:
    """The model of a complete run with its weights, and a trainer to score it; trained again where they are gone.

    `replicate` is the run's place among those of its trial.
    """
    stored = bench.store.recipes.get(run.recipe)
    assert stored is not None, f"recipe {run.recipe} is not stored"
    recipe = Recipe(**stored)
    model = build(architecture, bench.spec.signature, seed=initial_seed(bench.spec.seed, replicate))
    trainer = Trainer(model, bench.task, recipe, seed=run.seed, device=bench.device, between_steps=bench.lease.step)
    if not bench.checkpoints.load(run.key, model):
        with bench.lease.shared(), one_thread():
            for _ in trainer.run():
                pass
        bench.checkpoints.save(run.key, model)
    return model, trainer


def _score_members(bench: Workbench, study: Study, say: Callable[[int, int], None]) -> None:
    """Score every replicate of a member that has no test score yet."""
    waiting = []
    for point in study.members():
        runs = list(enumerate(study.replicates(study.run_of(point).id)))
        missing = [each for each in runs if not bench.store.runs.scores(each[1].id, Split.TEST.value)]
        if missing:
            waiting.append((point, missing))
    trials = {trial.number: trial.id for trial in study.trials}
    for done, (point, missing) in enumerate(waiting):
        say(done, len(waiting))
        seconds = bench.seconds()
        for replicate, run in missing:
            _score_on_test(bench, point, run, replicate)
        bench.store.trials.add_spent(trials[point.number], seconds=seconds.all())


def _reported(study: Study) -> Iterator[FrontMemberRow]:
    """The front over all targets, and of several targets that of each."""
    trials = {trial.number: trial.id for trial in study.trials}
    several = study.targets if len(study.targets) > 1 else ()
    for target in (None, *several):
        where, front = None if target is None else str(target), study.front(target=target)
        for rank, point in enumerate(front, start=1):
            yield FrontMemberRow(target=where, trial=trials[point.number], rank=rank, tied=point.tied)


def _score_on_test(bench: Workbench, point: FrontPoint, run: RunRow, replicate: int) -> None:
    _, trainer = trained_model(bench, point.architecture, run, replicate)
    last = of_last_rung(bench.store.runs.scores(run.id, Split.VALIDATION.value))[0].rung
    with bench.lease.shared():
        bench.store.runs.add_scores(run.id, trainer.score(Split.TEST, last))

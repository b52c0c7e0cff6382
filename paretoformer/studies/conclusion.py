"""The end of a study: its front is scored once on test, and only its weights are kept."""

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.recipe import Recipe
from paretoformer.records.trial import of_last_rung
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model
from paretoformer.store.rows import RunRow, StudyState
from paretoformer.studies.bench import Workbench
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.seeds import initial_seed
from paretoformer.studies.study import Study
from paretoformer.studies.threads import one_thread


def conclude(bench: Workbench) -> None:
    """Score every replicate of a front member that has no test score yet, drop the weights of the others, and mark the study ended."""
    study = Study(bench.store, bench.study)
    front = study.front()
    for point in front:
        for replicate, run in enumerate(study.replicates(study.run_of(point).id)):
            if not bench.store.runs.scores(run.id, Split.TEST.value):
                _score_on_test(bench, point, run, replicate)
    drop_weights(bench, study)
    bench.store.studies.set_state(bench.study, StudyState.ENDED)


def drop_weights(bench: Workbench, study: Study) -> None:
    """Drop the weights of ended trials that are not on the front, and what their trainings went on from: disks fill."""
    kept = {run.key for point in study.front() for run in study.replicates(study.run_of(point).id)}
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


def _score_on_test(bench: Workbench, point: FrontPoint, run: RunRow, replicate: int) -> None:
    _, trainer = trained_model(bench, point.architecture, run, replicate)
    last = of_last_rung(bench.store.runs.scores(run.id, Split.VALIDATION.value))[0].rung
    with bench.lease.shared():
        bench.store.runs.add_scores(run.id, trainer.score(Split.TEST, last))

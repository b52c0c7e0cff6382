"""From a pick of a study to an exported trial."""

from collections.abc import Sequence
from pathlib import Path

from paretoformer.evaluators.examples import Split
from paretoformer.export.exporting import Exported, export_trial
from paretoformer.export.staging import check_place
from paretoformer.export.subject import Exportable
from paretoformer.store import Store
from paretoformer.studies.bench import Workbench, open_bench
from paretoformer.studies.conclusion import trained_model
from paretoformer.studies.effort import DEFAULT_ARTIFACTS, DEFAULT_STORAGE, Place
from paretoformer.studies.picks import pick as picked
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.seeds import initial_seed
from paretoformer.studies.study import Study


def export(
    study: str,
    folder: str | Path,
    *,
    pick: str = "knee",
    to: Sequence[str] = ("safetensors",),
    storage: str = DEFAULT_STORAGE,
    artifacts: str | Path = DEFAULT_ARTIFACTS,
    force: bool = False,
) -> tuple[Exported, ...]:
    """Export a trial of a study, proven in a fresh process; the arguments are those of the command line.

    Raises:
        UserError: no such study, pick or format, or a folder that cannot be written.
        ExportFailed: the export is not the trained model.
    """
    place = Place(study=study, storage=storage, artifacts=Path(artifacts))
    return export_pick(place, pick, Path(folder), to, force=force)[1]


def export_pick(
    place: Place, text: str, folder: Path, formats: Sequence[str], *, force: bool = False
) -> tuple[FrontPoint, tuple[Exported, ...]]:
    """Export the trial that `text` picks; trained again where its weights are gone.

    Raises:
        UserError: no such study or pick, or what `export_trial` refuses.
        ExportFailed: the export is not the trained model.
    """
    check_place(folder, formats, force=force)
    with Store.open(place.storage, create=False) as store:
        study = Study(store, store.studies.get(place.study).id)
        point = picked(text, study.front(), study.points())
        bench = open_bench(store, place.study, place.artifacts)
        subject = _exportable(study, point, bench)
        with bench.lease.shared():
            done = export_trial(subject, folder, formats, force=force)
        trial = next(trial for trial in study.trials if trial.number == point.number)
        for each in done:
            for name, sha256 in each.files.items():
                file = str(each.folder / name)
                store.artifacts.add(
                    study.row.id, kind=each.format, file=file, sha256=sha256, trial=trial.id, verified=True
                )
    return point, done


def _exportable(study: Study, point: FrontPoint, bench: Workbench) -> Exportable:
    run = study.run_of(point)
    model, trainer = trained_model(bench, point.architecture, run)
    return Exportable(
        architecture=point.architecture,
        signature=study.spec.signature,
        model=model.cpu(),
        task=bench.task,
        recipe=trainer.recipe,
        study=study.name,
        trial=point.number,
        scores=tuple(score for split in Split for score in study.final_scores(run.id, split)),
        measurements=tuple(study.costs.get(point.architecture.digest, {}).values()),
        replicates=study.spec.replicates,
        seeds={"study": study.spec.seed, "initial weights": initial_seed(study.spec.seed), "training": run.seed},
        provenance={str(column): source for column, source in zip(point.columns, point.provenance, strict=True)},
    )

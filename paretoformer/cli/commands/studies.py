"""`paretoformer studies`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from paretoformer.cli.options import Json, Storage, StudyName
from paretoformer.cli.screen import notes, print_json, report
from paretoformer.records.errors import UserError
from paretoformer.studies.effort import DEFAULT_ARTIFACTS, DEFAULT_STORAGE

command = typer.Typer(
    help="List, rename, delete or examine stored studies, rank proxies and judge predictions by them."
)


@command.command("list")
def list_studies(storage: Storage = DEFAULT_STORAGE, json: Json = False) -> None:
    """List the studies of the database."""
    from paretoformer.cli.views.studies import study_json, study_table
    from paretoformer.store import Store

    with Store.open(storage, create=False, read_only=True) as store:
        trials = store.trials
        rows = [study_json(row, trials.counts(row.id), trials.live(row.id)) for row in store.studies.all()]
    if json:
        print_json({"studies": rows})
    elif rows:
        report().print(study_table(rows))
    else:
        report().print("No study is stored yet.")


@command.command("rename")
def rename_study(
    study: StudyName,
    name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Give a study another name."""
    from paretoformer.store import Store

    with Store.open(storage, create=False) as store:
        store.studies.rename(study, name)
    notes().print(f"Study {study} is now {name}.")


@command.command("delete")
def delete_study(
    study: StudyName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Delete a study and its trials; runs and measurements stay for other studies."""
    from paretoformer.store import Store

    with Store.open(storage, create=False) as store:
        row = store.studies.get(study)
        live = len(store.trials.live(row.id))
        under_way = f", {live} of them under way" if live else ""
        if not yes and not _confirmed(f"Delete study {study} with its {row.trials} trials{under_way}?"):
            raise UserError(f"Study {study} was not deleted; --yes deletes it without asking.")
        store.studies.delete(study)
    notes().print(f"Study {study} is deleted; its weights are left in the artefact folder.")


@command.command("doctor")
def examine_study(
    study: StudyName,
    repair: Annotated[bool, typer.Option("--repair", help="Put right what can be.")] = False,
    storage: Storage = DEFAULT_STORAGE,
    artifacts: Annotated[Path, typer.Option(metavar="DIR", help="Folder of weights.")] = Path(DEFAULT_ARTIFACTS),
    json: Json = False,
) -> None:
    """Look for what a crash may have left, and with --repair put it right."""
    from paretoformer.store import Store
    from paretoformer.studies import doctor

    with Store.open(storage, create=False, read_only=not repair) as store:
        findings = doctor.examine(store, study, artifacts)
        mended = doctor.repair(findings) if repair else []
    rows: list[dict[str, Any]] = [
        {"sentence": each.sentence, "repairable": each.repairable, "repaired": each in mended} for each in findings
    ]
    if json:
        print_json({"study": study, "findings": rows})
        return
    for row in rows:
        said = "repaired" if row["repaired"] else "can be repaired by --repair" if row["repairable"] else "stays"
        report().print(f"{row['sentence']} ({said})")
    if not rows:
        report().print(f"Study {study} is as it should be.")


@command.command("account")
def account_study(study: StudyName, storage: Storage = DEFAULT_STORAGE, json: Json = False) -> None:
    """Say what a study has cost: seconds and joules by kind of work, over all and for each front member."""
    from paretoformer.cli.views.account import print_account
    from paretoformer.studies.account import account
    from paretoformer.studies.study import Study

    found = account(Study.load(study, storage))
    if json:
        print_json({"study": study, **found.to_json()})
    else:
        print_account(report(), found)


@command.command("proxies")
def rank_proxies(study: StudyName, storage: Storage = DEFAULT_STORAGE, json: Json = False) -> None:
    """Say how well scores of untrained models rank a study's complete trials by its first objective."""
    import torch

    from paretoformer.cli.views.proxies import proxy_table
    from paretoformer.studies.proxy_ranks import study_proxy_ranks
    from paretoformer.studies.study import Study

    torch.set_num_threads(1)
    found = Study.load(study, storage)
    ranks, objective = study_proxy_ranks(found), str(found.spec.columns[0])
    if json:
        print_json({"study": study, "objective": objective, "proxies": [rank.to_json() for rank in ranks]})
        return
    report().print(f"rank correlations with {objective} of {max(rank.trained for rank in ranks)} complete trials")
    report().print(proxy_table(ranks))


@command.command("predict")
def predict_costs(
    study: StudyName,
    by: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="A predictor that `devices predict fit --out` wrote.")
    ] = None,
    storage: Storage = DEFAULT_STORAGE,
    json: Json = False,
) -> None:
    """Hold a study's measured costs against predictions, and name the trials where they part company."""
    from paretoformer.cli.views.predictors import print_study_prediction
    from paretoformer.hardware_models.predictors.table_predictor import TablePredictor
    from paretoformer.studies.prediction import study_predictions
    from paretoformer.studies.study import Study

    found = study_predictions(Study.load(study, storage), None if by is None else TablePredictor.load(by))
    if json:
        print_json({"study": study, "predictions": [each.to_json() for each in found]})
        return
    for each in found:
        print_study_prediction(report(), each)


def _confirmed(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False

"""`paretoformer show`."""

from typing import Annotated

import typer

from paretoformer.cli.options import Json, Storage, StudyName
from paretoformer.cli.screen import print_json, report
from paretoformer.records.errors import UserError
from paretoformer.studies.effort import DEFAULT_STORAGE


def command(
    study: StudyName,
    trial: Annotated[int, typer.Argument(metavar="TRIAL", help="The number of one of its trials.")],
    storage: Storage = DEFAULT_STORAGE,
    json: Json = False,
) -> None:
    """Show all that is known of a trial."""
    from paretoformer.cli.views.trial import print_trial, trial_json
    from paretoformer.studies.study import Study

    found = Study.load(study, storage)
    row = next((each for each in found.trials if each.number == trial), None)
    if row is None:
        numbered = f"its trials are numbered 1 to {len(found.trials)}" if found.trials else "it has none yet"
        raise UserError(f"Study {study} has no trial {trial}; {numbered}.")
    if json:
        print_json(trial_json(found, row))
    else:
        print_trial(report(), found, row)

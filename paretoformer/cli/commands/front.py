"""`paretoformer front`."""

from pathlib import Path
from typing import Annotated

import typer

from paretoformer.cli.options import Json, Storage, StudyName
from paretoformer.cli.screen import notes, print_json, report
from paretoformer.records.errors import UserError, unknown
from paretoformer.studies.effort import DEFAULT_STORAGE

SPLITS = ("validation", "test")
EVERYWHERE = "all"


def command(
    study: StudyName,
    split: Annotated[str | None, typer.Option(metavar="SPLIT", help="validation or test. Default: both.")] = None,
    on: Annotated[
        str | None, typer.Option(metavar="TARGET", help="One target's front, or all for that over all. Default: each.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it to a .png or .svg file.")] = None,
    storage: Storage = DEFAULT_STORAGE,
    json: Json = False,
) -> None:
    """Show the trials that no other dominates."""
    if split is not None and split not in SPLITS:
        raise unknown("split", split, SPLITS)
    from paretoformer.cli.views.front import front_json, print_front, print_fronts
    from paretoformer.evaluators.examples import Split
    from paretoformer.studies.study import Study

    found = Study.load(study, storage)
    target = None if on in (None, EVERYWHERE) else found.target(on or "")
    asked = tuple(Split(each) for each in ([split] if split else SPLITS))
    if asked == (Split.TEST,) and found.front() and not found.front(Split.TEST):
        raise UserError(f"Study {study} has no test scores yet; its front is scored on test when a search of it ends.")
    if plot is not None:
        from paretoformer.studies.plotting import plot_front

        drawn = found.targets[0] if on is None and found.targets else target
        unnumbered = plot_front(found, plot, drawn)
        without = f", without the numbers of {unnumbered} trials, which find no room there" if unnumbered else ""
        notes().print(f"Drawn to {plot}{without}.")
    if json:
        print_json(front_json(found, asked[0], target))
    elif on is None:
        print_fronts(report(), found, asked)
    else:
        print_front(report(), found, asked, target)

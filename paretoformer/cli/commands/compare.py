"""`paretoformer compare`."""

from typing import Annotated

import typer

from paretoformer.cli.options import Json, Storage
from paretoformer.cli.screen import print_json, report
from paretoformer.studies.effort import DEFAULT_STORAGE


def command(
    studies: Annotated[list[str], typer.Argument(metavar="STUDY STUDY...", help="Studies of the same objectives.")],
    storage: Storage = DEFAULT_STORAGE,
    json: Json = False,
) -> None:
    """Compare studies: fronts, hypervolumes, who dominates whom."""
    from paretoformer.cli.views.comparison import print_comparison
    from paretoformer.studies.comparing import compare
    from paretoformer.studies.study import Study

    loaded = [Study.load(name, storage) for name in studies]
    comparison = compare(loaded)
    if json:
        print_json(comparison.to_json())
    else:
        print_comparison(report(), comparison, loaded)

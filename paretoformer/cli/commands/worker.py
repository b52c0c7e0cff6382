"""`paretoformer worker`."""

from typing import Annotated

import typer

from paretoformer.cli.grouping import grouped
from paretoformer.cli.options import EffortOptions, PlaceOptions
from paretoformer.cli.screen import report
from paretoformer.records.errors import UserError


@grouped
def command(
    effort: EffortOptions,
    place: PlaceOptions,
    study: Annotated[str | None, typer.Argument(metavar="STUDY", help="A study's name (`studies list`).")] = None,
    measure_only: Annotated[
        bool,
        typer.Option("--measure-only", help="Train nothing: measure for searches on other hosts, on targets cpu@HOST."),
    ] = False,
    host: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="This host in targets, with --measure-only. Default: its own name."),
    ] = None,
) -> None:
    """Work on a study in this process until it has enough, or measure for studies whose workers are elsewhere."""
    if measure_only:
        if study is not None:
            raise UserError(
                f"'{study}' cannot be given with --measure-only, which measures for every study of a database."
            )
        from paretoformer.studies.station_process import run_station

        run_station(place.storage, host, say=report().print)
        return
    if study is None:
        raise UserError("A worker needs a STUDY, or --measure-only; `paretoformer studies list` shows the studies.")
    if host is not None:
        raise UserError(f"--host is {host}, and only a worker with --measure-only has a host's name.")
    work = effort.effort()
    from paretoformer.studies.worker_process import run_worker

    run_worker(place.place(study), work)

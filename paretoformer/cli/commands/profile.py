"""`paretoformer profile`."""

from typing import Annotated

import typer

from paretoformer.cli.grouping import grouped
from paretoformer.cli.options import Json, RequestOptions, Storage
from paretoformer.cli.screen import notes, print_json, report
from paretoformer.studies.effort import DEFAULT_STORAGE, DEFAULT_TRIALS, Effort


@grouped
def command(
    request: RequestOptions,
    trials: Annotated[int, typer.Option(metavar="N", help="Trials to estimate the hours of.")] = DEFAULT_TRIALS,
    storage: Storage = DEFAULT_STORAGE,
    counted_only: Annotated[
        bool, typer.Option("--counted", help="Sample and count only: nothing is measured or trained; takes seconds.")
    ] = False,
    json: Json = False,
) -> None:
    """Look over a space before searching it.

    Says how large it is, what its architectures cost, whether bounds can be met, and how long a search would take.
    Nothing is stored; the database is only for asking the stations of other hosts.
    """
    Effort(trials=trials)
    import torch

    from paretoformer.cli.views.preflight import counted_json, counted_lines, preflight_json, preflight_lines
    from paretoformer.cli.waiting import waiting
    from paretoformer.store import Store
    from paretoformer.studies.counted import counted
    from paretoformer.studies.hosts import hosts_at
    from paretoformer.studies.planning import plan
    from paretoformer.studies.preflight import preflight
    from paretoformer.studies.survey import survey

    torch.set_num_threads(1)
    planned = plan(request.request(), hosts_at(storage))
    if counted_only:
        known = counted(planned, survey(planned.spec))
        if json:
            print_json(counted_json(known, planned.spec, trials))
        for line in () if json else counted_lines(known, planned.spec):
            report().print(line)
        return
    with Store.open("sqlite://") as store, waiting(notes(), "Measuring the least, middle and largest architecture"):
        found = preflight(planned, survey(planned.spec), store)
    if json:
        print_json(preflight_json(found, planned.spec, trials))
        return
    for line in preflight_lines(found, planned.spec, trials):
        report().print(line)

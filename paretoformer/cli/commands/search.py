"""`paretoformer search`."""

from typing import TYPE_CHECKING, Annotated

import typer

from paretoformer.cli.grouping import grouped
from paretoformer.cli.options import EffortOptions, Json, PlaceOptions, RequestOptions
from paretoformer.cli.screen import notes, print_json, report
from paretoformer.records.errors import unknown

if TYPE_CHECKING:
    from paretoformer.studies.effort import Effort, Place
    from paretoformer.studies.study import Study

EXECUTORS = ("local",)
INTERRUPTED = 130


@grouped
def command(
    request: RequestOptions,
    effort: EffortOptions,
    place: PlaceOptions,
    workers: Annotated[int, typer.Option(metavar="N", help="Processes that run trials.")] = 1,
    executor: Annotated[str, typer.Option(metavar="NAME", help="Where trials run: local.")] = "local",
    study: Annotated[str | None, typer.Option(metavar="NAME", help="The same name resumes. Default: WHAT's.")] = None,
    json: Json = False,
) -> None:
    """Search, or go on with the study of that name."""
    if executor not in EXECUTORS:
        raise unknown("executor", executor, EXECUTORS)
    work = effort.effort(workers)
    from paretoformer.cli.views.progress import progress_view
    from paretoformer.studies.search import default_name, run_search

    where = place.place(default_name(request.what) if study is None else study)
    _prepare_process(workers)
    with progress_view(notes(), where.study, work) as view:
        try:
            found = run_search(request.request(), where, work, on_start=view.on_start, on_progress=view.on_progress)
        except KeyboardInterrupt:
            view.close()
            say_interrupted(where, started=view.started)
            raise typer.Exit(INTERRUPTED) from None
    if json:
        from paretoformer.cli.views.front import front_json

        print_json(front_json(found))
    else:
        _show_end(found, where, work)


def _prepare_process(workers: int) -> None:
    """One thread, as in workers, so that their time is told from ours; warn where the workers are more than the cores."""
    import torch

    from paretoformer.hardware_models.devices import usable_cores

    torch.set_num_threads(1)
    cores = usable_cores()
    if workers > cores:
        notes().print(f"{workers} workers share {cores} cores here: they take turns, and nothing gets done sooner.")


def say_interrupted(place: "Place", *, started: bool) -> None:
    """What an interruption leaves, by the database: trials that no worker has any more, and those of other workers."""
    if not started:
        notes().print(f"Stopped before the search began; no trial of study {place.study} was taken up.")
        return
    from paretoformer.store import Store

    with Store.open(place.storage, create=False, read_only=True) as store:
        live = store.trials.live(store.studies.get(place.study).id)
    free = sum(trial.owner is None for trial in live)
    many = "1 trial under way was" if free == 1 else f"{free or 'no'} trials under way were"
    stopped = f"Stopped; {many} handed back." if live else "Stopped; no trial was under way."
    notes().print(f"{stopped} The same command goes on with study {place.study}.")


def _show_end(study: "Study", place: "Place", effort: "Effort") -> None:
    from paretoformer.cli.views.front import print_fronts
    from paretoformer.cli.views.hints import option_line
    from paretoformer.studies.exhaustion import Exhaustion

    limit = effort.limits.trials
    if limit is not None and len(study.trials) < limit:
        exhaustion = Exhaustion(study.spec)
        exhaustion.look(study.store.trials.outcomes(study.row.id))
        if exhaustion.reached:
            notes().print(f"Space {study.spec.space.name} is exhausted: every valid architecture of it was tried.")
    print_fronts(report(), study)
    more = option_line(place)
    front = study.front()
    if front:
        notes().print("Next:")
        notes().print(f"  paretoformer front {place.study}{more} --plot front.png", soft_wrap=True)
        notes().print(f"  paretoformer show {place.study} {front[0].number}{more}", soft_wrap=True)
        notes().print(
            f"  paretoformer export {place.study}{option_line(place, artifacts=True)} --pick knee {place.study}-knee",
            soft_wrap=True,
        )

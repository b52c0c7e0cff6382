"""A search: from a request to a study that has enough trials."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from paretoformer.evaluators.registry import task_names
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.studies.effort import DEFAULT_ARTIFACTS, DEFAULT_STORAGE, Effort, Place
from paretoformer.studies.executor_local import LocalExecutor
from paretoformer.studies.making import check_place, looked_before, make_or_resume, surveyed
from paretoformer.studies.planning import DEFAULT_ENGINE, Request, plan
from paretoformer.studies.preflight import Preflight
from paretoformer.studies.progress import Progress, ProgressReader
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

WATCH_S = 0.25


def search(
    what: str,
    *,
    space: str | SearchSpace | None = None,
    on: Sequence[str] = ("cpu",),
    objectives: str | None = None,
    subject_to: Sequence[str] = (),
    trials: int | None = None,
    hours: float | None = None,
    engine: str = DEFAULT_ENGINE,
    workers: int = 1,
    study: str | None = None,
    storage: str = DEFAULT_STORAGE,
    artifacts: str | Path = DEFAULT_ARTIFACTS,
    seed: int = 0,
    columns: str | None = None,
    budget: int | None = None,
) -> Study:
    """Search, or go on with the study of that name; the arguments are those of the command line.

    Returns:
        The study, with `front()`, `frame()` and the rest.

    Raises:
        UserError: what cannot be done, in one sentence.
    """
    request = Request(
        what=what,
        columns=columns,
        space=space,
        on=on,
        objectives=objectives,
        subject_to=subject_to,
        engine=engine,
        seed=seed,
        budget=budget,
    )
    place = Place(study=study or default_name(what), storage=storage, artifacts=Path(artifacts))
    return run_search(request, place, Effort(trials=trials, hours=hours, workers=workers))


def default_name(what: str) -> str:
    """A study's name where none is given: the task's, or the data's file name without its ending."""
    return what if what in task_names() else Path(what).stem or what


def run_search(
    request: Request,
    place: Place,
    effort: Effort,
    *,
    on_start: Callable[[StudySpec, Preflight | None], None] = lambda spec, found: None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Study:
    """Make or resume the study, run workers until it has enough, and tell how it goes.

    Args:
        request: what to search.
        place: where the study lives.
        effort: how much work.
        on_start: called once before the first trial, with the pre-flight where the study is new.
        on_progress: called a few times a second.

    Raises:
        UserError: what cannot be done.
        KeyboardInterrupt: passed on, after the workers have handed their trials back.
    """
    planned = plan(request)
    found = surveyed(planned)
    looked = looked_before(place.storage, planned, found)
    check_place(place)
    with Store.open(place.storage) as store:
        row, looked = make_or_resume(store, place.study, planned, found, looked)
        on_start(planned.spec, looked)
        reader = ProgressReader(store, row.id, effort.limits)
        with LocalExecutor(place, effort) as executor:
            while executor.running():
                on_progress(reader.read())
                time.sleep(WATCH_S)
        on_progress(reader.read())
        executor.check()
    return Study.load(place.study, place.storage)

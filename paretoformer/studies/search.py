"""A search: from a request to a study that has enough trials."""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from paretoformer.evaluators.registry import is_task
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.store import Store
from paretoformer.studies.arguments import check_types
from paretoformer.studies.effort import DEFAULT_ARTIFACTS, DEFAULT_STORAGE, Effort, Place
from paretoformer.studies.executor_local import LocalExecutor
from paretoformer.studies.hosts import hosts_at
from paretoformer.studies.making import made_at, surveyed
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
    time_limit_s: float | None = None,
    engine: str = DEFAULT_ENGINE,
    workers: int = 1,
    study: str | None = None,
    storage: str = DEFAULT_STORAGE,
    artifacts: str | Path = DEFAULT_ARTIFACTS,
    seed: int = 0,
    replicates: int = 1,
    columns: str | None = None,
    budget: int | None = None,
    batch: int | None = None,
    learning_rate: float | None = None,
    criterion: str | None = None,
    pretraining: str | None = None,
    pretraining_share: float | None = None,
) -> Study:
    """Search, or go on with the study of that name; the arguments are those of the command line.

    Args:
        what: a task, or a path to your own data.
        space: a space's name, a YAML file, or a `SearchSpace`; what fits the task unless given.
        on: targets, as `device[:runtime[:precision[:threads[:workload]]]]`.
        objectives: as in "accuracy, -latency, -params"; the first metric and latency unless given.
        subject_to: bounds, as in "params <= 2e6" or "latency <= 5ms".
        trials: in total, over all resumes; 24 unless `hours` are given.
        hours: in total, over all resumes.
        time_limit_s: seconds after which a trial fails.
        engine: what proposes.
        workers: processes that work.
        study: its name; that of the task or the data unless given.
        storage: the database's URL.
        artifacts: folder of weights and logs.
        seed: of proposals, initial weights and batches; the split is the task's own, whatever the seed.
        replicates: trainings of each trial, by different seeds; its scores are their means.
        columns: of a table, as in "text=review,label=stars".
        budget: training examples of a trial; the task's unless given.
        batch: examples of one training step; the task's unless given.
        learning_rate: the highest of the schedule; the task's unless given.
        criterion: what training minimises, with options, as in "layer-wise:weights=linear"; the task's unless given.
        pretraining: a criterion to train by first, as in "mp3:eta=0.5"; "none" for none where the task has one.
        pretraining_share: of the budget, what that takes; half unless given.

    Returns:
        The study, with `front()`, `frame()` and the rest.

    Raises:
        UserError: what cannot be done, an argument of a wrong type included, in one sentence.
    """
    check_types(locals())
    request = Request(
        what=what,
        columns=columns,
        space=space,
        on=on,
        objectives=objectives,
        subject_to=subject_to,
        engine=engine,
        seed=seed,
        replicates=replicates,
        budget=budget,
        batch=batch,
        learning_rate=learning_rate,
        criterion=criterion,
        pretraining=pretraining,
        pretraining_share=pretraining_share,
    )
    place = Place(study=study or default_name(what), storage=storage, artifacts=Path(artifacts))
    return run_search(request, place, Effort(trials=trials, hours=hours, workers=workers, time_limit_s=time_limit_s))


def default_name(what: str) -> str:
    """A study's name where none is given: the task's with its options, or the data's file name without its ending."""
    return re.sub("[:,=]", "-", what) if is_task(what) else Path(what).stem or what


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
    planned = plan(request, hosts_at(place.storage))
    found = surveyed(planned)
    looked = made_at(place, planned, found)
    with Store.open(place.storage) as store:
        on_start(planned.spec, looked)
        reader = ProgressReader(store, store.studies.get(place.study).id, effort.limits)
        with LocalExecutor(place, effort) as executor:
            progress = reader.read()
            while executor.tend(progress.ended):
                on_progress(progress)
                time.sleep(WATCH_S)
                progress = reader.read()
        on_progress(reader.read())
        executor.check()
    return Study.load(place.study, place.storage)

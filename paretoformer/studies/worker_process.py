"""The process of a worker: `python -m paretoformer.studies.worker_process STUDY`, started by executors."""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TextIO

from paretoformer.records.errors import UserError
from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.store.rows import TrialRow
from paretoformer.studies.bench import open_bench
from paretoformer.studies.effort import STORAGE_VARIABLE, Effort, Place
from paretoformer.studies.ending import Ending
from paretoformer.studies.frames import first_line
from paretoformer.studies.threads import one_thread
from paretoformer.studies.worker import Worker

MOST_TOLD = 2_000
"""Letters of a crash that go through the pipe, which nobody empties before the end."""


def run_worker(place: Place, effort: Effort, *, parent: int | None = None) -> None:
    """Work on a study until it has enough, or until SIGTERM or SIGINT; then hand back what is under way.

    Args:
        place: the study.
        effort: how much.
        parent: the process that started this one; when it is gone, that counts as being asked to stop.

    Raises:
        UserError: the study cannot be worked on here.
    """
    asked = threading.Event()

    def drain(number: int, frame: FrameType | None) -> None:
        asked.set()

    def draining() -> bool:
        return asked.is_set() or (parent is not None and os.getppid() != parent)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, drain)
    with Store.open(place.storage, create=False) as store:
        bench = open_bench(store, place.study, place.artifacts, time_limit_s=effort.time_limit_s, draining=draining)
        with one_thread():
            Worker(bench, effort.limits, on_end=_print).work()


def _print(trial: TrialRow, ending: Ending) -> None:
    values = " ".join(f"{value:.6g}" for value in ending.values)
    _log(sys.stdout, f"trial {trial.number}: {ending.state} {values} {first_line(ending.reason) or ''}".rstrip())
    if ending.state is TrialState.FAILED and ending.reason:
        _log(sys.stdout, ending.reason)


def _log(stream: TextIO, text: str) -> None:
    """Write a line, past any buffer that would complain later: a full disk under a log is no reason to stop."""
    with contextlib.suppress(OSError):
        os.write(stream.fileno(), f"{text}\n".encode(errors="replace"))


def _report(pipe: int | None, **said: str) -> None:
    """Tell the process that started this one why it ends."""
    if pipe is not None:
        with contextlib.suppress(OSError):
            os.write(pipe, json.dumps(said).encode())


def _main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("study")
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--hours", type=float)
    parser.add_argument("--time-limit", type=float)
    parser.add_argument("--parent", type=int)
    parser.add_argument("--report", type=int)
    given = parser.parse_args()
    if given.report is not None:
        os.set_inheritable(given.report, False)
    place = Place(study=given.study, storage=os.environ[STORAGE_VARIABLE], artifacts=given.artifacts)
    try:
        effort = Effort(trials=given.trials, hours=given.hours, time_limit_s=given.time_limit)
        run_worker(place, effort, parent=given.parent)
    except UserError as error:
        _report(given.report, mistake=str(error))
        _log(sys.stderr, str(error))
        return 2
    except Exception as error:
        _report(given.report, crash=f"{type(error).__name__}: {error}"[:MOST_TOLD])
        raise
    return 0


if __name__ == "__main__":
    sys.exit(_main())

"""The process of a station: it measures on its host whatever the workers of other hosts ask for."""

import os
import signal
import socket
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from paretoformer import __version__
from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.registry import meter
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.signature import Signature
from paretoformer.records.target import parse_target
from paretoformer.store import Store
from paretoformer.store.rows import Json
from paretoformer.studies.lease import Lease
from paretoformer.studies.stations import Here, Station
from paretoformer.studies.visits import visits_under

BEAT_S, IDLE_S = 2.0, 0.1


def run_station(storage: str, host: str | None = None, say: Callable[[str], None] = lambda text: None) -> None:
    """Answer questions until SIGTERM or SIGINT, or until another station takes the place of this one.

    Args:
        storage: the database that the workers have.
        host: the name by which targets know this host, as in `cpu@HOST`; the system's own unless given.
        say: told of each question.

    Raises:
        UserError: the database cannot be opened, or no target can have the name.
    """
    host = host or socket.gethostname()
    parse_target(f"cpu@{host}")
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with Store.open(storage) as store, _registered(store, host, stopped):
        say(f"Measuring on this host as {host}, for targets such as cpu@{host}; Ctrl-C ends it.")
        answer_all(store, host, Here(visits_under(Lease())), stopped, say)


def answer_all(store: Store, host: str, station: Station, stopped: threading.Event, say: Callable[[str], None]) -> None:
    """Answer the questions of `host` in their order until `stopped`."""
    while not stopped.is_set():
        question = store.questions.next(host)
        if question is None:
            stopped.wait(IDLE_S)
            continue
        answer = answered(station, question.kind, question.asked)
        store.questions.answer(question.id, answer)
        ending = next(
            (answer[name] for name in ("mistake", "unavailable", "cannot", "failed") if name in answer), "done"
        )
        say(f"{question.kind} {question.asked.get('target', '')}: {ending}")


def answered(station: Station, kind: str, asked: Json) -> Json:
    """The answer to one question, or the sentence that says why there is none."""
    try:
        return _ANSWERS[kind](station, asked)
    except UserError as error:
        return {"mistake": str(error)}
    except Unavailable as error:
        return {"unavailable": str(error)}
    except CannotRun as error:
        return {"cannot": error.reason}
    except MeasuringFailed as error:
        return {"failed": error.reason, "detail": error.detail}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}", "detail": traceback.format_exc()}


def _fill(station: Station, asked: Json) -> Json:
    return {"target": str(station.fill(parse_target(asked["target"]), Signature.from_json(asked["signature"])))}


def _meter(station: Station, asked: Json) -> Json:
    return {"method": station.meter(asked["quantity"], parse_target(asked["target"])).method}


def _device(station: Station, asked: Json) -> Json:
    found = station.device(parse_target(asked["target"]))
    return {"fingerprint": found.fingerprint, "momentary": found.momentary}


def _visit(station: Station, asked: Json) -> Json:
    how = meter(asked["method"]).from_json(asked["settings"])
    visit = station.visit(how, Subject.from_json(asked["subject"]), parse_target(asked["target"]))
    return {"visit": visit.to_json()}


def _why_modelled(station: Station, asked: Json) -> Json:
    return {"reason": station.why_modelled(asked["quantity"], parse_target(asked["target"]))}


_ANSWERS: dict[str, Callable[[Station, Json], Json]] = {
    "fill": _fill,
    "meter": _meter,
    "device": _device,
    "visit": _visit,
    "why_modelled": _why_modelled,
}


@contextmanager
def _registered(store: Store, host: str, stopped: threading.Event) -> Iterator[None]:
    """Be the station of `host` with a beating heart; `stopped` is set where another takes the place."""
    me = uuid.uuid4().hex
    store.stations.arrive(host, me, pid=os.getpid(), version=__version__)

    def beat() -> None:
        while not stopped.wait(BEAT_S):
            try:
                if not store.stations.beat(host, me):
                    stopped.set()
            except Exception:  # a database that is away for a moment; the next question tells
                continue

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        stopped.set()
        heart.join()
        store.stations.leave(host, me)

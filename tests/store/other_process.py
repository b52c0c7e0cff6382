"""A process of its own that opens a store, does one thing with a study, and may be killed in the middle of it."""

import os
import signal
import sys
from collections.abc import Callable

from sqlalchemy import Connection, text

from paretoformer.records.trial import TrialState
from paretoformer.store import Store


def open_store(store: Store) -> None:
    print(len(store.studies.all()))


def reserve_and_end(store: Store, name: str, owner: str, limit: str) -> None:
    study = store.studies.get(name)
    while trial := store.trials.reserve(study.id, owner, limit=int(limit)):
        ended = store.trials.end(trial, TrialState.COMPLETE, values=(float(trial.number),))
        print(trial.number, trial.history, ended.outcome)


def die_with_a_trial(store: Store, name: str) -> None:
    store.trials.reserve(store.studies.get(name).id, "dead")
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_transaction(store: Store, name: str) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("UPDATE study SET trials = 99 WHERE name = :name"), {"name": name})
        os.kill(os.getpid(), signal.SIGKILL)

    store.database.write(work)


COMMANDS: dict[str, Callable[..., None]] = {
    command.__name__: command for command in (open_store, reserve_and_end, die_with_a_trial, die_in_a_transaction)
}

if __name__ == "__main__":
    with Store.open(sys.argv[2]) as opened:
        COMMANDS[sys.argv[1]](opened, *sys.argv[3:])

"""A search goes on when its only worker is killed, and gives up what kills its workers."""

import os
import signal
import time

import pytest

from paretoformer.records.trial import TrialState
from paretoformer.store import Store
from paretoformer.studies.effort import Effort, Place
from paretoformer.studies.executor_local import LocalExecutor

from .conftest import Site

pytestmark = pytest.mark.slow
TRIALS = 3


def search(site: Site, deaths: int) -> int:
    """Work with one worker, which is killed so often while it trains for the same trial; that trial's number."""
    place = Place(study=site.name, storage=site.storage, artifacts=site.folder / "artifacts")
    killed: set[str] = set()
    victim = None
    with Store.open(site.storage) as store, LocalExecutor(place, Effort(trials=TRIALS)) as executor:
        study = store.studies.get(site.name).id
        while executor.tend(store.studies.by_id(study).outcomes):
            pids = {worker.id: worker.pid for worker in store.workers.all(study)}
            for trial in store.trials.all(study):
                victim = victim or (trial.number if trial.run and not trial.state.ended else None)
                if trial.number == victim and trial.owner and trial.owner not in killed and len(killed) < deaths:
                    killed.add(trial.owner)
                    os.kill(pids[trial.owner], signal.SIGKILL)
            time.sleep(0.01)
    executor.check()
    assert victim is not None and len(killed) == deaths
    return victim


@pytest.mark.parametrize(("deaths", "state"), [(1, TrialState.COMPLETE), (2, TrialState.FAILED)])
def test_the_study_comes_to_its_end(site: Site, deaths: int, state: TrialState) -> None:
    site.make("accuracy, -macs", budget=2_000)
    victim = search(site, deaths)
    with Store.open(site.storage) as store:
        rows = store.trials.all(store.studies.get(site.name).id)
    assert [row.state.ended for row in rows] == [True] * TRIALS
    row = rows[victim - 1]
    assert (row.state, row.deaths) == (state, deaths if state is TrialState.FAILED else 0)
    assert state is TrialState.COMPLETE or "memory runs out" in (row.reason or "")

"""SIGKILL at any moment: nothing lost, nothing doubled, and with counted costs nothing changed."""

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from paretoformer.store import Store
from paretoformer.store.rows import StudyState, TrialRow
from paretoformer.studies.proposer import Proposer
from paretoformer.studies.replicates import replicate_key
from paretoformer.studies.spec import StudySpec

from .conftest import Site

pytestmark = pytest.mark.slow
TRIALS = 12


def rows(site: Site) -> list[TrialRow]:
    with Store.open(site.storage) as store:
        return store.trials.all(store.studies.get(site.name).id)


def essence(row: TrialRow) -> dict[str, Any]:
    """All of a row but when it was, who did it, how often it was begun and how long it took."""
    left_out = {"id", "study", "owner", "epoch", "deaths", "heartbeat", "started", "ended", "seconds", "joules"}
    return {name: value for name, value in vars(row).items() if name not in left_out}


def proposals_repeat(site: Site) -> bool:
    """Whether every stored proposal is what its history leads to."""
    with Store.open(site.storage) as store:
        study = store.studies.get(site.name)
        spec = StudySpec.from_json(study.spec)
        proposer = Proposer(spec, lambda after, upto: store.trials.outcomes(study.id, after=after, upto=upto))
        return all(proposer.draw(row.number, row.history).point == row.point for row in rows(site))


def test_five_kills_leave_the_rows_of_the_unbroken_study(tmp_path: Path, rng: random.Random) -> None:
    studies = []
    for name in ("unbroken", "broken"):
        folder = tmp_path / name
        folder.mkdir()
        site = Site(folder=folder, storage=f"sqlite:///{folder / 'study.db'}")
        site.make("accuracy, -macs", budget=512)
        if name == "broken":
            for outcomes in (0, 2, 4, 7, 9):
                site.kill_at(site.start(TRIALS), outcomes, delay_s=rng.uniform(0.0, 0.3))
        site.finish(TRIALS)
        studies.append([essence(row) for row in rows(site)])
    unbroken, broken = studies
    assert broken == unbroken


def second_replicates_rungs(site: Site, store: Store) -> list[int]:
    """Rungs that are scored of the second replicate of the trial that is being trained."""
    study = store.studies.get(site.name)
    for trial in store.trials.all(study.id):
        if trial.run is not None and not trial.state.ended:
            key = replicate_key(store.runs.get(trial.run).key, StudySpec.from_json(study.spec).seed, 1)
            run = store.runs.find(key)
            return [] if run is None else sorted({score.rung for score in store.runs.scores(run.id, "validation")})
    return []


def scores(site: Site) -> list[list[dict[str, Any]]]:
    """Of every run, without how long it took."""
    with Store.open(site.storage) as store:
        study = store.studies.get(site.name)
        seed = StudySpec.from_json(study.spec).seed
        keys = [store.runs.get(row.run).key for row in store.trials.all(study.id) if row.run is not None]
        runs = store.runs.of_keys([replicate_key(key, seed, replicate) for key in keys for replicate in (0, 1)])
        found = store.runs.scores_of([run.id for run in runs])
        return [
            [{**vars(score), "seconds": None} for score in found[run.id]]
            for run in sorted(runs, key=lambda run: run.key)
        ]


def test_a_kill_in_the_second_rung_of_a_later_replicate_leaves_the_rows_of_the_unbroken_study(tmp_path: Path) -> None:
    studies = []
    for name in ("unbroken", "broken"):
        folder = tmp_path / name
        folder.mkdir()
        site = Site(folder=folder, storage=f"sqlite:///{folder / 'study.db'}")
        site.make("accuracy, -macs", budget=10_000, replicates=2)
        if name == "broken":
            doomed = site.start(2)
            with Store.open(site.storage) as store:
                while second_replicates_rungs(site, store) != [0]:
                    assert doomed.poll() is None, (folder / "log").read_text()
                    time.sleep(0.01)
                doomed.kill()
                doomed.wait()
                assert second_replicates_rungs(site, store) == [0]
        site.finish(2, limit_s=300)
        studies.append(([essence(row) for row in rows(site)], scores(site)))
    unbroken, broken = studies
    assert unbroken[1] and all({score["rung"] for score in scored} == {0, 1, 2} for scored in unbroken[1])
    assert broken == unbroken


def test_kills_among_measuring_workers_lose_and_double_nothing(site: Site, rng: random.Random) -> None:
    site.make("accuracy, -latency", budget=512)
    for outcomes in (1, 4, 7):
        doomed = site.start(TRIALS)
        site.start(TRIALS)
        site.kill_at(doomed, outcomes, delay_s=rng.uniform(0.0, 0.5))
        for process in site.processes:
            process.kill()
            process.wait()
    site.finish(TRIALS)
    found = rows(site)
    assert [row.number for row in found] == list(range(1, TRIALS + 1))
    assert all(row.state.ended for row in found)
    assert sorted(row.outcome for row in found if row.outcome) == list(range(1, TRIALS + 1))
    assert proposals_repeat(site)


def test_two_workers_share_a_study_and_conclude_it(either_site: Site) -> None:
    site = either_site
    site.make("accuracy, -macs", budget=512)
    workers = [site.start(TRIALS) for _ in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    found = rows(site)
    assert [row.number for row in found] == list(range(1, TRIALS + 1))
    assert proposals_repeat(site)
    with Store.open(site.storage) as store:
        assert store.studies.get(site.name).state is StudyState.ENDED


def test_a_worker_that_is_asked_to_stop_hands_its_trial_back(site: Site) -> None:
    site.make("accuracy, -macs", budget=200_000)
    worker = site.start(TRIALS)
    with Store.open(site.storage) as store:
        study = store.studies.get(site.name).id
        while not any(row.run for row in store.trials.all(study)):
            assert worker.poll() is None, (site.folder / "log").read_text()
        worker.terminate()
        assert worker.wait(30) == 0
        (row,) = [row for row in store.trials.all(study) if not row.state.ended]
    assert row.owner is None


def test_workers_stop_when_the_search_that_started_them_is_killed(site: Site) -> None:
    site.make("accuracy, -macs", budget=200_000)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from paretoformer.studies.effort import Effort, Place\n"
        "from paretoformer.studies.executor_local import LocalExecutor\n"
        "place = Place(study=sys.argv[1], storage=sys.argv[2], artifacts=Path(sys.argv[3]))\n"
        "with LocalExecutor(place, Effort(trials=9)) as executor:\n"
        "    while executor.tend(0):\n        pass\n"
    )
    search = subprocess.Popen([sys.executable, "-c", code, site.name, site.storage, str(site.folder)])
    site.processes.append(search)
    with Store.open(site.storage) as store:
        study = store.studies.get(site.name).id
        while not store.trials.live(study):
            assert search.poll() is None
            time.sleep(0.05)
        (worker,) = store.workers.all(study)
        search.kill()
        search.wait()
        psutil.Process(worker.pid).wait(30)
        assert [trial.owner for trial in store.trials.live(study)] == [None]

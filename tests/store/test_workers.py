from paretoformer.store import Store, StudyRow, WorkerState


def register(store: Store, study: StudyRow, name: str) -> None:
    store.workers.register(name, study_id=study.id, host="host", pid=42, process_started=99.5, version="0.1.0")


def test_a_worker_is_listed_as_it_registered(store: Store, study: StudyRow) -> None:
    register(store, study, "w1")
    (worker,) = store.workers.all(study.id)
    assert (worker.id, worker.host, worker.pid, worker.process_started) == ("w1", "host", 42, 99.5)
    assert (worker.version, worker.started, worker.heartbeat) == ("0.1.0", 1_000.1, 0)


def test_a_beat_raises_the_counter_of_one_worker(store: Store, study: StudyRow) -> None:
    register(store, study, "w1")
    register(store, study, "w2")
    store.workers.beat("w2")
    assert [worker.heartbeat for worker in store.workers.all(study.id)] == [0, 1]


def test_a_worker_that_left_stays_listed(store: Store, study: StudyRow) -> None:
    register(store, study, "w1")
    register(store, study, "w2")
    store.workers.leave("w1")
    states = [worker.state for worker in store.workers.all(study.id)]
    assert states == [WorkerState.LEFT, WorkerState.RUNNING]

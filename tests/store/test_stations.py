from paretoformer.store import Store


def test_a_station_is_found_by_its_host(store: Store) -> None:
    store.stations.arrive("pi4", "s1", pid=42, version="0.1.0")
    found = store.stations.find("pi4")
    assert found is not None
    assert (found.id, found.pid, found.version, found.started, found.heartbeat) == ("s1", 42, "0.1.0", 1_000.1, 0)
    assert store.stations.find("pi5") is None


def test_a_later_station_takes_the_place_of_an_earlier_one_which_learns_it_by_its_next_beat(store: Store) -> None:
    store.stations.arrive("pi4", "s1", pid=42, version="0.1.0")
    assert store.stations.beat("pi4", "s1")
    store.stations.arrive("pi4", "s2", pid=43, version="0.1.0")
    assert not store.stations.beat("pi4", "s1")
    store.stations.leave("pi4", "s1")
    assert [row.id for row in store.stations.all()] == ["s2"]


def test_a_station_that_left_is_not_listed(store: Store) -> None:
    for host in ("pi5", "pi4"):
        store.stations.arrive(host, "s1", pid=42, version="0.1.0")
    assert [row.host for row in store.stations.all()] == ["pi4", "pi5"]
    store.stations.leave("pi4", "s1")
    assert [row.host for row in store.stations.all()] == ["pi5"]


def test_questions_of_a_host_are_answered_in_their_order(store: Store) -> None:
    first = store.questions.ask("pi4", "visit", {"target": "cpu"})
    store.questions.ask("pi5", "visit", {"target": "cpu"})
    second = store.questions.ask("pi4", "device", {})
    asked = store.questions.next("pi4")
    assert asked is not None and (asked.id, asked.kind, asked.asked) == (first, "visit", {"target": "cpu"})
    store.questions.answer(first, {"visit": 1})
    following = store.questions.next("pi4")
    assert following is not None and following.id == second


def test_an_answer_is_read_until_the_question_is_dropped(store: Store) -> None:
    asked = store.questions.ask("pi4", "device", {})
    assert store.questions.read(asked) is None
    store.questions.answer(asked, {"name": "cpu"})
    assert store.questions.read(asked) == {"name": "cpu"}
    store.questions.drop(asked)
    store.questions.answer(asked, {"name": "late"})
    assert store.questions.read(asked) is None
    assert store.questions.next("pi4") is None

import pytest

from paretoformer.hardware_models.foreign_load import LoadMark


def test_what_the_machine_spent_beyond_us_is_foreign() -> None:
    before, after = LoadMark(100.0, 10.0, 0.0), LoadMark(103.0, 11.0, 2.0)
    assert before.foreign_cores(after) == pytest.approx(1.0)


def test_a_coarse_counter_never_gives_less_than_nothing() -> None:
    assert LoadMark(100.0, 10.0, 0.0).foreign_cores(LoadMark(100.0, 11.0, 1.0)) == 0.0


def test_counters_go_forward() -> None:
    before = LoadMark.now()
    after = LoadMark.now()
    assert after.at_s >= before.at_s
    assert after.busy_s >= before.busy_s
    assert after.own_s >= before.own_s

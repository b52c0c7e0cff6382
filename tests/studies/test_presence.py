"""Marks of workers."""

from pathlib import Path

from paretoformer.studies.presence import Presence


def test_only_a_worker_that_did_not_leave_has_left_its_mark(tmp_path: Path) -> None:
    presence = Presence(tmp_path)
    presence.arrive("dead")
    presence.arrive("gone")
    presence.leave("gone")
    assert [presence.left_behind(worker) for worker in ("dead", "gone", "unknown", None)] == [True, False, False, False]


def test_without_a_folder_nobody_is_known_to_have_died(tmp_path: Path) -> None:
    presence = Presence(tmp_path / "missing")
    presence.arrive("dead")
    assert not presence.left_behind("dead")

"""Taking turns."""

from pathlib import Path

import pytest

from paretoformer.studies.turns import turn


class Impatient(Exception):
    pass


def stop() -> None:
    raise Impatient


def test_one_has_it_while_the_other_waits(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "end"
    with turn(file, stop), pytest.raises(Impatient), turn(file, stop):
        raise AssertionError("two had it at once")


def test_who_waits_has_it_next(tmp_path: Path) -> None:
    first = turn(tmp_path / "end", stop)
    first.__enter__()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        first.__exit__(None, None, None)

    with turn(tmp_path / "end", lambda: None, sleep):
        assert len(waits) == 1


def test_it_is_free_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Impatient), turn(tmp_path / "end", stop):
        stop()
    with turn(tmp_path / "end", stop):
        pass


def test_where_no_file_can_be_made_everyone_has_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with turn(tmp_path / "file" / "end", stop), turn(tmp_path / "file" / "end", stop):
        pass

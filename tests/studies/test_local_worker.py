"""A real worker process: how its end is told."""

from pathlib import Path

import pytest

from paretoformer.records.errors import UserError
from paretoformer.store import Store
from paretoformer.studies.effort import Effort, Place
from paretoformer.studies.local_worker import LocalWorker


def worker(folder: Path, storage: str, study: str = "s") -> LocalWorker:
    return LocalWorker(Place(study=study, storage=storage, artifacts=folder), Effort(), 0)


def test_what_a_user_can_mend_is_told_though_the_log_cannot_be_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    Store.open(url).close()
    made = worker(tmp_path, url, study="nostudy")
    made.log.parent.mkdir()
    made.log.symlink_to("/dev/full")
    made.start()
    made.end(60)
    assert made.mistake is not None and made.mistake.startswith("'nostudy' is not a study of")
    assert (made.code, made.fell) == (2, False)


def test_a_signal_is_told_by_its_name(tmp_path: Path) -> None:
    made = worker(tmp_path, "sqlite://")
    made.start()
    assert made._process is not None
    made._process.kill()
    made.end(60)
    assert made.fell
    assert made.ending == "its process was ended by SIGKILL; the system does that when memory runs out"


def test_a_replacement_goes_on_with_the_log(tmp_path: Path) -> None:
    made = worker(tmp_path, "sqlite://")
    made.start()
    made.end(0)
    before = "the first one's line\n"
    made.log.write_text(before)
    made.start()
    made.end(0)
    assert made.log.read_text().startswith(before)


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(UserError, match="The log .*s-0.log cannot be written"):
        worker(tmp_path, "sqlite://").start()

"""What the process of a worker tells of its end."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paretoformer.records.errors import UserError
from paretoformer.studies import worker_process
from paretoformer.studies.effort import STORAGE_VARIABLE

Ended = Callable[[Exception], dict[str, Any]]


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """Let a worker's work end with an error; what comes through the pipe."""

    def call(error: Exception) -> dict[str, Any]:
        def work(*arguments: object, **named: object) -> None:
            raise error

        near, far = os.pipe()
        monkeypatch.setattr(worker_process, "run_worker", work)
        monkeypatch.setenv(STORAGE_VARIABLE, "sqlite://")
        monkeypatch.setattr(sys, "argv", ["worker", "s", "--artifacts", str(tmp_path), "--report", str(far)])
        try:
            if isinstance(error, UserError):
                assert worker_process._main() == 2
            else:
                with pytest.raises(type(error)):
                    worker_process._main()
            return dict(json.loads(os.read(near, 1000)))
        finally:
            os.close(near)
            os.close(far)

    return call


def test_what_a_user_can_mend_is_told_as_a_mistake(ended: Ended) -> None:
    assert ended(UserError("no room left.")) == {"mistake": "no room left."}


def test_anything_else_is_told_as_a_crash(ended: Ended) -> None:
    assert ended(MemoryError("too much")) == {"crash": "MemoryError: too much"}

"""What is told while a search runs."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from paretoformer.cli.views.progress import LINE_S, ProgressView, progress_panel
from paretoformer.records.trial import TrialState
from paretoformer.studies.effort import Effort
from paretoformer.studies.limits import Limits
from paretoformer.studies.progress import Progress


def progress(complete: int, left_s: float | None = 95.0) -> Progress:
    states = dict.fromkeys(TrialState, 0) | {TrialState.COMPLETE: complete, TrialState.RUNNING: 1}
    seconds = {"training": 12.0, "measuring": 3.0, "waiting": 0.5}
    return Progress(states=states, limits=Limits(trials=24), front=2, hypervolume=0.25, seconds=seconds, left_s=left_s)


@pytest.fixture
def written() -> tuple[Console, Callable[[], str]]:
    file = io.StringIO()
    return Console(file=file, width=200), file.getvalue


def test_a_line_is_written_when_a_trial_ends_or_after_a_while(written: tuple[Console, Callable[[], str]]) -> None:
    console, text = written
    now = [0.0]
    view = ProgressView(console, "s", Effort(), clock=lambda: now[0])
    for at, complete in ((0.0, 1), (1.0, 1), (2.0, 2), (3.0, 2), (3.0 + LINE_S, 2)):
        now[0] = at
        view.on_progress(progress(complete))
    assert [line.split()[0] for line in text().splitlines()] == ["1/24", "2/24", "2/24"]


def test_a_line_has_states_front_times_and_what_is_left(written: tuple[Console, Callable[[], str]]) -> None:
    console, text = written
    ProgressView(console, "s", Effort()).on_progress(progress(5))
    for part in ("1 running, 5 complete", "front 2, hypervolume 0.25", "12 s training", "left: about 1 min 35 s"):
        assert part in text()


@pytest.mark.parametrize("width", [80, 120])
def test_the_panel_fits_its_terminal(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as captured:
        console.print(progress_panel("study s", progress(5, left_s=None)))
    lines = captured.get().splitlines()
    assert all(len(line) <= width for line in lines)
    assert any("5 of 24" in line for line in lines)
    assert any("not known yet" in line for line in lines)

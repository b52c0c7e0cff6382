"""How a search is told while it runs."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from paretoformer.cli.views.progress import ECHO, LINE_S, ProgressView, progress_panel, progress_view
from paretoformer.records.trial import TrialState
from paretoformer.studies.closing import Closing
from paretoformer.studies.effort import Effort
from paretoformer.studies.limits import Limits
from paretoformer.studies.planning import Request, plan
from paretoformer.studies.progress import Progress


def progress(complete: int, trials: int | None = 10, left: float | None = 90.0) -> Progress:
    return Progress(
        states={TrialState.COMPLETE: complete, TrialState.RUNNING: 1, TrialState.FAILED: 0},
        limits=Limits(trials=trials, hours=None if trials else 1.0),
        front=2,
        hypervolume=0.125,
        seconds={"training": 12.0, "measuring": 3.0, "waiting": 0.0},
        left_s=left,
    )


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(paper: io.StringIO) -> Console:
    return Console(file=paper, width=2000, markup=False)


def test_a_line_is_written_where_a_trial_has_ended_or_a_while_has_passed(console: Console, paper: io.StringIO) -> None:
    clock = Clock()
    view = ProgressView(console, "s", Effort(trials=10), clock)
    ends = [(0.0, 1), (1.0, 1), (2.0, 2), (3.0, 2), (2.5 + LINE_S, 2)]
    for clock.now, complete in ends:
        view.on_progress(progress(complete))
    assert len(paper.getvalue().splitlines()) == 3


def test_the_end_of_a_study_is_told_step_by_step(console: Console, paper: io.StringIO) -> None:
    view = ProgressView(console, "s", Effort(trials=10), Clock())
    steps = [(None, 0), ("re-measuring the front", 0), ("re-measuring the front", 1), ("scoring the front on test", 0)]
    for step, done in steps:
        view.on_progress(replace(progress(10, left=0.0), closing=Closing(step=step, done=done, of=7)))
    ends = [line.partition("; left: ")[2] for line in paper.getvalue().splitlines()]
    assert ends == ["nothing", "re-measuring the front: 0 of 7", "scoring the front on test: 0 of 7"]


def test_the_panel_says_how_far_the_end_of_a_study_is() -> None:
    console = Console(file=io.StringIO(), width=80, record=True)
    closing = Closing(step="re-measuring the front", done=3, of=7)
    console.print(progress_panel("study s", replace(progress(10), closing=closing)))
    assert "re-measuring the front: 3 of 7" in console.export_text()


def test_a_line_says_states_front_times_and_what_is_left(console: Console, paper: io.StringIO) -> None:
    ProgressView(console, "s", Effort(trials=10)).on_progress(progress(3))
    said = paper.getvalue()
    assert "3/10 ended (3 complete, 1 running)" in said or "3/10 ended (1 running, 3 complete)" in said
    assert "front 2, hypervolume 0.125; 12 s training, 3.0 s measuring" in said
    assert "left: about 1 min 30 s" in said and "failed" not in said


@pytest.mark.parametrize(("left", "said"), [(None, "not known yet"), (0.0, "left: nothing")])
def test_what_is_left_may_be_unknown_or_nothing(
    console: Console, paper: io.StringIO, left: float | None, said: str
) -> None:
    ProgressView(console, "s", Effort(trials=10)).on_progress(progress(3, left=left))
    assert said in paper.getvalue()


def test_a_resumed_study_is_said_to_be_one(console: Console, paper: io.StringIO) -> None:
    spec = plan(Request(what="digits", objectives="accuracy, -macs", subject_to=("params <= 1M",))).spec
    view = ProgressView(console, "mine", Effort())
    assert not view.started
    view.on_start(spec, None)
    assert view.started
    said = paper.getvalue()
    assert "study mine: task digits, space vision, engine tpe, seed 0" in said
    assert "subject to params <= 1 M" in said and "resumed" in said


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("trials", [10, None])
def test_the_panel_fits_its_terminal(width: int, trials: int | None) -> None:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(progress_panel("study s", progress(3, trials)))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) == width
    assert ("3 of 10" in "".join(lines)) is (trials == 10)
    assert "2 members, hypervolume 0.125" in "".join(lines)


def test_a_terminal_has_a_live_panel_and_a_pipe_has_lines(console: Console, paper: io.StringIO) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    kinds: list[Callable[..., object]] = []
    for where in (console, terminal):
        with progress_view(where, "s", Effort()) as view:
            kinds.append(type(view))
            view.close()
    assert kinds[0] is ProgressView and kinds[1] is not ProgressView
    assert "\x1b" not in paper.getvalue()


def test_a_live_panel_leaves_room_for_what_a_terminal_echoes(paper: io.StringIO) -> None:
    console = Console(file=paper, width=60, height=30, force_terminal=True, markup=False, color_system=None)
    with progress_view(console, "s", Effort(trials=10)) as view:
        view.on_start(plan(Request(what="digits", objectives="accuracy, -macs")).spec, None)
        view.on_progress(progress(3))
    borders = re.findall("[╭╰][^\r\n\x1b]*", paper.getvalue())
    assert borders and {len(line) for line in borders} == {60 - ECHO}

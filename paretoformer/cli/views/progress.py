"""How a search goes: a live panel on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table

from paretoformer.cli.figures import duration
from paretoformer.cli.views.preflight import preflight_lines
from paretoformer.studies.effort import DEFAULT_TRIALS, Effort
from paretoformer.studies.preflight import Preflight
from paretoformer.studies.progress import Progress
from paretoformer.studies.spec import StudySpec

PREPARING = "Preparing: opening data and database, and for a new study measuring a few architectures ..."
LINE_S = 10.0
"""Seconds after which a line is written though no trial has ended."""
ECHO = 4
"""Columns left free beside the panel: a terminal writes ^C where the cursor is, and at its edge that would begin a line."""


class ProgressView:
    """Told by a search of its start and its progress; writes lines."""

    def __init__(
        self, console: Console, study: str, effort: Effort, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.console, self.study, self.effort, self._clock = console, study, effort, clock
        self.started = False
        self._said: tuple[int, str | None, float] = (-1, None, float("-inf"))

    def prepare(self) -> None:
        """Nothing: what is written elsewhere than on a terminal is read later."""

    def on_start(self, spec: StudySpec, found: Preflight | None) -> None:
        """Say what is searched; for a new study, what its pre-flight found."""
        self.started = True
        self.console.print(heading(self.study, spec))
        if found is None:
            self.console.print("  resumed")
        else:
            for line in preflight_lines(found, spec, self.effort.limits.trials or DEFAULT_TRIALS, self.effort.workers):
                self.console.print(line)

    def on_progress(self, progress: Progress) -> None:
        """Write a line where a trial has ended or the end of the study takes its next step, or a while after the last."""
        *said, since = self._said
        if [progress.ended, progress.closing.step] != said or self._clock() - since > LINE_S:
            self._said = (progress.ended, progress.closing.step, self._clock())
            self.console.print(progress_line(progress))

    def close(self) -> None:
        """No more is written."""


class LiveView(ProgressView):
    """The same on a terminal: one panel that changes."""

    def __init__(self, console: Console, study: str, effort: Effort) -> None:
        super().__init__(console, study, effort)
        self._status = console.status(PREPARING)
        self._live = Live(console=console, refresh_per_second=4, transient=False)
        self._title = f"study {study}"

    def on_start(self, spec: StudySpec, found: Preflight | None) -> None:
        """Print the heading and open the panel below it."""
        self._status.stop()
        super().on_start(spec, found)
        self._live.start()

    def prepare(self) -> None:
        """A spinner until the start."""
        self._status.start()

    def on_progress(self, progress: Progress) -> None:
        """Redraw."""
        panel = progress_panel(self._title, progress)
        self._live.update(Constrain(panel, max(ECHO, self.console.width - ECHO)))

    def close(self) -> None:
        """Leave the panel as it is."""
        self._status.stop()
        self._live.stop()


@contextmanager
def progress_view(console: Console, study: str, effort: Effort) -> Iterator[ProgressView]:
    """The view that suits a console."""
    view = (LiveView if console.is_terminal else ProgressView)(console, study, effort)
    try:
        view.prepare()
        yield view
    finally:
        view.close()


def heading(study: str, spec: StudySpec) -> str:
    """Study, task, space, objectives, targets."""
    task = spec.task.get("task") or spec.task.get("path")
    objectives = ", ".join(map(str, spec.objectives))
    lines = [f"study {study}: task {task}, space {spec.space.name}, engine {spec.engine}, seed {spec.seed}"]
    lines.append(f"  objectives {objectives} on {', '.join(map(str, spec.targets))}")
    if spec.constraints:
        lines.append(f"  subject to {', '.join(map(str, spec.constraints))}")
    return "\n".join(lines)


def states(progress: Progress) -> str:
    """Counts of the states that occur."""
    return ", ".join(f"{count} {state}" for state, count in progress.states.items() if count) or "none yet"


def times(progress: Progress) -> str:
    """Where the time went."""
    return ", ".join(f"{duration(seconds)} {kind}" for kind, seconds in progress.seconds.items())


def left(progress: Progress) -> str:
    """What remains, where that can be told; at the end of a study what is being done there."""
    if progress.closing.sentence is not None:
        return progress.closing.sentence
    if progress.left_s is None:
        return "not known yet"
    return f"about {duration(progress.left_s)}" if progress.left_s > 0 else "nothing"


def progress_line(progress: Progress) -> str:
    """All of it in one line."""
    total = f"/{progress.limits.trials}" if progress.limits.trials is not None else ""
    front = f"front {progress.front}, hypervolume {progress.hypervolume:.4g}"
    return f"{progress.ended}{total} ended ({states(progress)}); {front}; {times(progress)}; left: {left(progress)}"


def progress_panel(title: str, progress: Progress) -> Panel:
    """All of it in a panel."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("trials", states(progress))
    table.add_row("front", f"{progress.front} members, hypervolume {progress.hypervolume:.4g}")
    table.add_row("spent", times(progress))
    table.add_row("left", left(progress))
    parts: list[RenderableType] = [table]
    if progress.limits.trials is not None:
        bar = Table.grid(padding=(0, 2), expand=True)
        bar.add_column(ratio=1)
        bar.add_column(justify="right", no_wrap=True)
        done = min(progress.ended, progress.limits.trials)
        bar.add_row(ProgressBar(total=progress.limits.trials, completed=done), f"{done} of {progress.limits.trials}")
        parts.append(bar)
    return Panel(Group(*parts), title=title, title_align="left", width=None)

"""The end of a study: members measured anew until every one is, fronts stored."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.records.target import Target
from paretoformer.store import FrontMemberRow, Store
from paretoformer.store.rows import StudyState
from paretoformer.studies.bench import Workbench
from paretoformer.studies.checkpoints import Checkpoints
from paretoformer.studies.closing import Closing
from paretoformer.studies.conclusion import conclude
from paretoformer.studies.ending import Drained
from paretoformer.studies.lease import Lease
from paretoformer.studies.measurer import Measurer
from paretoformer.studies.remeasuring import ELSEWHERE
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Here
from paretoformer.studies.study import Study
from paretoformer.studies.visits import MakeVisit

from .conftest import Row, fill

ACCURACIES = (0.9, 0.8, 0.7, 0.75)
FIRST = {1: 3.0, 2: 1.0, 3: 0.5, 4: 1.5}
"""By the ratios that chose them trials 1, 2 and 3 are the front, and 4 is beaten by 2."""
WHOLE = 4
"""Visits of a whole measurement of latency."""


class Scene:
    """A study that was measured with the ratios `FIRST`, and a bench to end it, on which visits give `ratios`."""

    def __init__(self, store: Store, spec: StudySpec, fake_visits: MakeVisit, folder: Path) -> None:
        self.store, self.id = store, fill(store, spec, [Row(accuracy=accuracy) for accuracy in ACCURACIES]).row.id
        self.ratios: Mapping[int, float] = FIRST
        self.visits: list[int] = []
        self.failing: set[int] = set()
        self.stop_after: int | None = None
        self.draining = False
        self._fake = fake_visits
        self._numbers = {point.architecture.digest: point.number for point in self.study.points()}
        measurer = Measurer(store, spec, Here(self._visit))
        for point in self.study.points():
            measurer.after_training(Subject(architecture=point.architecture, signature=spec.signature))
        self.visits.clear()
        weights, unused = Checkpoints(folder), Any
        weights.prepare()
        self.bench = Workbench(
            store=store,
            study=self.id,
            spec=spec,
            task=unused,  # type: ignore[arg-type]
            task_digest="task",
            proposer=unused,  # type: ignore[arg-type]
            measurer=measurer,
            lease=Lease("cpu", folder / "locks"),
            checkpoints=weights,
            draining=lambda: self.draining,
        )

    @property
    def study(self) -> Study:
        """As it stands now."""
        return Study(self.store, self.id)

    @property
    def front(self) -> list[int]:
        return [point.number for point in self.study.front()]

    def anew(self, trial: int) -> bool:
        """Whether the figures of a trial are those of a re-measurement."""
        (point,) = [point for point in self.study.points() if point.number == trial]
        (cost,) = self.study.costs[point.architecture.digest].values()
        return bool(cost.conditions.get("remeasured"))

    def _visit(self, meter: Meter, subject: Subject, target: Target) -> Visit:
        visit = self._fake(meter, subject, target)
        number = self._numbers.get(subject.architecture.digest)
        if number is None:  # the reference's own
            return visit
        if number in self.failing:
            raise MeasuringFailed("the measuring process was killed")
        if len(self.visits) == self.stop_after:
            raise Drained
        self.visits.append(number)
        ratio = self.ratios[number]
        return replace(
            visit, readings={"latency": {**visit.readings["latency"], "busy_ratio": ratio, "wall_ratio": ratio}}
        )


@pytest.fixture
def scene(store: Store, timed_spec: StudySpec, fake_visits: MakeVisit, tmp_path: Path) -> Scene:
    return Scene(store, timed_spec, fake_visits, tmp_path)


def test_every_member_is_measured_anew_by_a_whole_round(scene: Scene) -> None:
    assert scene.front == [1, 2, 3]
    conclude(scene.bench)
    assert scene.visits == [1] * WHOLE + [2] * WHOLE + [3] * WHOLE
    assert [number for number in (1, 2, 3, 4) if scene.anew(number)] == scene.front == [1, 2, 3]
    assert scene.study.row.state is StudyState.ENDED


def test_who_stood_there_by_luck_leaves(scene: Scene) -> None:
    scene.ratios = {**FIRST, 3: 2.0}
    conclude(scene.bench)
    assert scene.front == [1, 2]


def test_who_comes_in_is_measured_anew_too(scene: Scene) -> None:
    scene.ratios = {**FIRST, 2: 1.6}
    conclude(scene.bench)
    assert scene.front == [1, 2, 4, 3]
    assert scene.visits[-WHOLE:] == [4] * WHOLE and scene.anew(4)


def test_who_comes_in_may_leave_again(scene: Scene) -> None:
    scene.ratios = {**FIRST, 2: 1.6, 4: 5.0}
    conclude(scene.bench)
    assert scene.front == [1, 2, 3] and scene.anew(4)


def test_ending_again_measures_nothing(scene: Scene) -> None:
    conclude(scene.bench)
    scene.visits.clear()
    conclude(scene.bench)
    assert scene.visits == []


def test_who_is_asked_to_stop_measures_nothing_more(scene: Scene) -> None:
    scene.draining = True
    with pytest.raises(Drained):
        conclude(scene.bench)
    assert scene.visits == [] and scene.study.row.state is StudyState.RUNNING


@pytest.mark.parametrize("visits", [0, 1, 6, 11])
def test_an_end_that_was_stopped_goes_on(scene: Scene, visits: int) -> None:
    scene.stop_after = visits
    with pytest.raises(Drained):
        conclude(scene.bench)
    assert scene.study.row.state is StudyState.RUNNING
    scene.stop_after = None
    conclude(scene.bench)
    assert scene.visits == [1] * WHOLE + [2] * WHOLE + [3] * WHOLE
    assert scene.study.row.state is StudyState.ENDED


def test_a_member_that_cannot_be_measured_keeps_its_figures_and_that_is_said(scene: Scene) -> None:
    scene.failing, before = {2}, scene.study.front()
    conclude(scene.bench)
    assert [point.values for point in scene.study.front()] == [point.values for point in before]
    (kept,) = Closing.from_json(scene.study.row.closing).kept
    target = scene.bench.spec.targets[0]
    assert kept.sentence == f"trial 2 keeps its first figures on {target}: the measuring process was killed"
    assert scene.anew(1) and not scene.anew(2)
    scene.failing = set()
    conclude(scene.bench)
    assert scene.anew(2) and Closing.from_json(scene.study.row.closing).kept == ()


def test_what_another_device_measured_is_left_to_it(
    store: Store, timed_spec: StudySpec, fake_visits: MakeVisit, scene: Scene
) -> None:
    fill(store, timed_spec, [Row(accuracy=0.95)], name="elsewhere")
    there = replace(scene.bench, study=store.studies.get("elsewhere").id)
    conclude(there)
    (kept,) = Closing.from_json(store.studies.get("elsewhere").closing).kept
    assert kept.reason == ELSEWHERE and scene.visits == []


def test_how_far_it_is_is_said_before_each_member(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str | None] = []
    set_closing = scene.store.studies.set_closing

    def listen(study: int, closing: dict[str, Any] | None) -> None:
        said.append(Closing.from_json(closing).sentence)
        set_closing(study, closing)

    monkeypatch.setattr(scene.store.studies, "set_closing", listen)
    conclude(scene.bench)
    assert said == [*(f"re-measuring the front: {done} of 3" for done in range(3)), None]


def test_the_time_of_it_is_added_to_the_account_of_each_member(scene: Scene) -> None:
    before = {trial.number: trial.seconds["measuring"] for trial in scene.study.trials}
    conclude(scene.bench)
    grown = [trial.number for trial in scene.study.trials if trial.seconds["measuring"] > before[trial.number]]
    assert grown == [1, 2, 3]


def test_the_front_is_stored_as_it_is_reported(scene: Scene) -> None:
    scene.ratios = {**FIRST, 3: 2.0}
    conclude(scene.bench)
    ids = {trial.number: trial.id for trial in scene.study.trials}
    assert scene.store.fronts.all(scene.id) == [
        FrontMemberRow(target=None, trial=ids[number], rank=rank, tied=False)
        for rank, number in enumerate((1, 2), start=1)
    ]


def test_of_several_targets_each_has_a_stored_front(
    store: Store, two_targets: StudySpec, fake_visits: MakeVisit, tmp_path: Path
) -> None:
    scene = Scene(store, two_targets, fake_visits, tmp_path)
    conclude(scene.bench)
    numbers = {trial.id: trial.number for trial in scene.study.trials}
    found: dict[str | None, list[int]] = {}
    for row in store.fronts.all(scene.id):
        found.setdefault(row.target, []).append(numbers[row.trial])
    assert found == {None: scene.front, **{str(t): [p.number for p in f] for t, f in scene.study.fronts().items()}}
    assert len(scene.visits) == 2 * 3 * WHOLE

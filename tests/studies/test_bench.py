"""Opening a study for work."""

from dataclasses import replace
from pathlib import Path

import pytest

from paretoformer.evaluators.open_task import open_task
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.records.errors import UserError
from paretoformer.records.measurement import Provenance
from paretoformer.store import Store
from paretoformer.studies.bench import open_bench
from paretoformer.studies.lease import Lease
from paretoformer.studies.spec import StudySpec


def open_with(store: Store, spec: StudySpec, folder: Path) -> None:
    store.studies.create("timed", spec=spec.to_json(), seed=0, reference=(0.0, 1.0))
    open_bench(store, "timed", folder, lease=Lease("cpu", folder / "locks"))


def test_a_study_by_another_version_of_a_method_is_not_worked_on(
    store: Store, timed_spec: StudySpec, tmp_path: Path
) -> None:
    (name,) = timed_spec.provenance
    with pytest.raises(UserError, match=r"latency on cpu:\S+ by paired-ratio 0, and this machine .* by paired-ratio"):
        open_with(store, replace(timed_spec, methods={name: "paired-ratio 0"}), tmp_path)


def test_a_study_of_before_methods_were_kept_is_not_worked_on(
    store: Store, timed_spec: StudySpec, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="by a version of the method that it does not tell"):
        open_with(store, timed_spec, tmp_path)


def test_a_study_from_another_source_is_not_worked_on(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    (name,) = timed_spec.provenance
    with pytest.raises(UserError, match="as modelled, and this machine would supply it as measured"):
        open_with(store, replace(timed_spec, provenance={name: Provenance.MODELLED}), tmp_path)


def test_a_study_by_the_methods_that_are_here_is_opened(store: Store, timed_spec: StudySpec, tmp_path: Path) -> None:
    task = open_task("digits").spec
    (name,) = timed_spec.provenance
    open_with(store, replace(timed_spec, task=task, methods={name: LatencyMeter().made_by}), tmp_path)

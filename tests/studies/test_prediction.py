"""Studies whose latencies follow a law, but for trials that were measured wrongly."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paretoformer.hardware_models.predictors.physical import Physical
from paretoformer.hardware_models.predictors.table_fit import TableRequest, fit_table
from paretoformer.hardware_models.predictors.table_predictor import TablePredictor
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.store import Store
from paretoformer.studies.measured_tables import measured_table
from paretoformer.studies.prediction import StudyPrediction, study_predictions
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.study import Study

from .conftest import Row, fill

TIMES = 4.0
"""How much too large a spoilt latency is."""


def law(architecture: Architecture) -> float:
    """Seconds: launches of blocks, work that grows with the width, and mixers that compute something."""
    (stack,) = architecture.stacks
    busy = sum(mixer != "identity" for mixer in architecture.mixers())
    return 1e-4 + 2e-5 * stack.depth + 1e-7 * stack.depth * stack.width**2 + 4e-5 * busy


def lawful(store: Store, spec: StudySpec, number: int, name: str, spoilt: Sequence[int] = ()) -> Study:
    """Trials 1 to `number`, of which some are spoilt."""
    with Store.open("sqlite://") as scratch:
        architectures = [point.architecture for point in fill(scratch, spec, [Row()] * number, name).points()]
    latencies = [law(each) * (TIMES if place in spoilt else 1.0) for place, each in enumerate(architectures, 1)]
    return fill(store, spec, [Row(latency=latency) for latency in latencies], name)


@pytest.fixture
def earlier(store: Store, timed_spec: StudySpec) -> TablePredictor:
    """A predictor of what an earlier study measured."""
    lawful(store, timed_spec, 24, "earlier")
    table = measured_table(store, ["latency"])
    request = TableRequest(features=("encoder.width", "encoder.mixer"))
    return fit_table(table.frame, "latency", request, origin=table.origin("latency"), among=[Physical()]).predictor


def only(study: Study, by: TablePredictor | None = None) -> StudyPrediction:
    (found,) = study_predictions(study, by)
    return found


def test_stored_measurements_are_a_table_with_their_origin(earlier: TablePredictor) -> None:
    assert earlier.origin.unit == "s"
    assert earlier.origin.source == "measurements of cpu:eager:fp32:1:prefill/1/1 on cpu device"
    assert earlier.fitted.scores.mape < 0.1


def test_a_study_that_is_measured_as_predicted_raises_no_alarm(
    store: Store, timed_spec: StudySpec, earlier: TablePredictor
) -> None:
    found = only(lawful(store, replace(timed_spec, seed=4), 12, "right"), earlier)
    assert found.earned and not found.alarm
    assert not found.own


def test_trials_that_part_company_are_named_and_alarm(
    store: Store, timed_spec: StudySpec, earlier: TablePredictor
) -> None:
    spec = replace(timed_spec, seed=4)
    found = only(lawful(store, spec, 30, "wrong", spoilt=range(3, 12)), earlier)
    assert {each.trial for each in found.parted} >= set(range(3, 12))
    assert found.alarm


def test_the_graver_they_part_the_surer_is_the_alarm(
    store: Store, timed_spec: StudySpec, earlier: TablePredictor
) -> None:
    spec = replace(timed_spec, seed=4)
    for name, spoilt in (("half", range(1, 8)), ("all", range(1, 15))):
        found = only(lawful(store, spec, 14, name, spoilt=spoilt), earlier)
        assert len(found.parted) >= len(spoilt) and found.alarm


def test_a_predictor_of_the_very_trials_is_refused(
    store: Store, timed_spec: StudySpec, earlier: TablePredictor, tmp_path: Path
) -> None:
    earlier.save(tmp_path / "kept.json")
    with pytest.raises(UserError, match="fitted to all 24 trials of study earlier .* it has seen each"):
        study_predictions(Study(store, store.studies.get("earlier").id), TablePredictor.load(tmp_path / "kept.json"))


def test_trials_that_a_predictor_was_fitted_to_are_not_scored(
    store: Store, timed_spec: StudySpec, earlier: TablePredictor
) -> None:
    longer = lawful(store, timed_spec, 30, "longer")
    known = {trial.architecture for trial in Study(store, store.studies.get("earlier").id).trials}
    trained = {trial.architecture for trial in longer.trials}
    found = only(longer, earlier)
    assert found.seen >= len(trained & known) > 0
    assert found.scores.rows == len(trained) - found.seen > 0


def test_the_same_models_with_other_costs_are_new_to_a_predictor(
    store: Store, timed_spec: StudySpec, earlier: TablePredictor
) -> None:
    found = only(lawful(store, timed_spec, 12, "slower", spoilt=range(1, 13)), earlier)
    assert (found.seen, found.scores.rows) == (0, 12)


def test_a_trial_is_held_against_the_others_without_a_predictor(store: Store, timed_spec: StudySpec) -> None:
    found = only(lawful(store, timed_spec, 20, "alone", spoilt=(5,)))
    assert found.own
    (parted,) = [each for each in found.parted if each.trial == 5]
    assert parted.low > parted.predicted_high


def test_a_predictor_that_orders_no_better_than_macs_has_not_earned_a_say(
    store: Store, timed_spec: StudySpec, earlier: TablePredictor
) -> None:
    found = only(lawful(store, replace(timed_spec, seed=4), 12, "right"), earlier)
    assert not replace(found, macs_tau=1.0).earned
    assert not replace(found, tau=0.89).earned


def test_json_tells_provenance_and_alarm(store: Store, timed_spec: StudySpec, earlier: TablePredictor) -> None:
    found = only(lawful(store, replace(timed_spec, seed=4), 12, "right"), earlier).to_json()
    assert found["provenance"] == "predicted" and found["alarm"] is False


def test_too_few_trials_are_refused(store: Store, timed_spec: StudySpec) -> None:
    with pytest.raises(UserError, match="Study few has 4 trials with a measured latency on .*; 10 are needed"):
        study_predictions(lawful(store, timed_spec, 4, "few"))


def test_a_study_of_counted_costs_has_nothing_to_predict(store: Store, counted_spec: StudySpec) -> None:
    with pytest.raises(UserError, match="Study counted has no measured objective"):
        study_predictions(fill(store, counted_spec, [Row()], "counted"))


def test_a_predictor_of_another_cost_is_refused(store: Store, timed_spec: StudySpec, earlier: TablePredictor) -> None:
    with pytest.raises(UserError, match="The predictor is of memory, and the study's measured objectives are latency"):
        study_predictions(lawful(store, timed_spec, 12, "right"), replace(earlier, column="memory"))


def test_measurements_of_several_targets_need_a_choice(store: Store, two_targets: StudySpec) -> None:
    fill(store, two_targets, [Row(latency=1e-3), Row(latency=2e-3)])
    with pytest.raises(UserError, match="choose with --on among cpu:eager:fp32:1:prefill/1/1 .2 models, device device"):
        measured_table(store, ["latency"])
    assert len(measured_table(store, ["latency"], "cpu:onnx").frame) == 2


@pytest.mark.parametrize(
    ("quantities", "sentence"),
    [
        (["speed"], "'speed' is not a measured cost; measured costs: energy, first_token, latency, memory"),
        (["memory"], "The database has no model with a measured memory"),
    ],
)
def test_what_was_not_measured_is_said(
    store: Store, timed_spec: StudySpec, quantities: list[str], sentence: str
) -> None:
    fill(store, timed_spec)
    with pytest.raises(UserError) as caught:
        measured_table(store, quantities)
    assert sentence in str(caught.value)


def test_rows_have_a_column_for_each_count_and_a_list_for_each_branch(store: Store, timed_spec: StudySpec) -> None:
    frame = measured_table(lawful(store, timed_spec, 12, "rows").store, ["latency"]).frame
    assert {"macs", "params", "encoder.width", "encoder.mixer", "encoder.mixer.heads", "latency"} <= set(frame.columns)
    lengths = {name: np.array([len(cell) for cell in frame[name]]) for name in ("encoder.mixer", "encoder.mixer.heads")}
    np.testing.assert_array_equal(*lengths.values())


def test_a_cost_of_two_targets_is_named_once(store: Store, two_targets: StudySpec, earlier: TablePredictor) -> None:
    study = fill(store, two_targets, [Row(latency=1e-3), Row(latency=2e-3)], "both")
    with pytest.raises(UserError, match="the study's measured objectives are latency[.]"):
        study_predictions(study, replace(earlier, column="memory"))

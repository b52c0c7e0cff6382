"""A study's spec: its JSON, its columns, and what makes two specs differ."""

from dataclasses import replace

from paretoformer.records.measurement import Provenance
from paretoformer.records.objective import parse_constraint, parse_objectives
from paretoformer.records.target import parse_target
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.spec import StudySpec

ONE, TWO = (parse_target(f"cpu:eager:fp32:{threads}:prefill/1/1") for threads in (1, 2))


def measured(spec: StudySpec) -> StudySpec:
    provenance = {f"latency[{target}]": Provenance.MEASURED for target in (ONE, TWO)}
    return replace(
        spec,
        objectives=parse_objectives("accuracy, -latency, -params"),
        constraints=(parse_constraint("latency <= 5 ms"), parse_constraint("accuracy >= 90%")),
        targets=(ONE, TWO),
        provenance=provenance,
    )


def test_json_reads_back_as_the_same_spec(counted_spec: StudySpec) -> None:
    for spec in (counted_spec, measured(counted_spec)):
        again = StudySpec.from_json(spec.to_json())
        assert again.to_json() == spec.to_json()
        assert again.columns == spec.columns


def test_an_unqualified_cost_has_a_column_for_each_target(counted_spec: StudySpec) -> None:
    names = [str(column) for column in measured(counted_spec).columns]
    assert names == ["accuracy", f"latency[{ONE}]", f"latency[{TWO}]", "params"]


def test_columns_are_oriented_so_that_smaller_is_better(counted_spec: StudySpec) -> None:
    accuracy, macs = counted_spec.columns
    assert (accuracy.oriented(0.9), macs.oriented(5.0)) == (-0.9, 5.0)


def test_costs_are_named_once_whoever_asks_for_them(counted_spec: StudySpec) -> None:
    spec = measured(counted_spec)
    assert spec.costs == ("latency", "params")
    assert spec.target_costs == (("latency", ONE), ("latency", TWO))


def test_sources_are_scored_counted_or_as_fixed_at_the_beginning(counted_spec: StudySpec) -> None:
    spec = measured(counted_spec)
    assert [spec.source(column) for column in spec.columns] == ["scored", "measured", "measured", "counted"]


def test_equal_specs_have_no_differences(counted_spec: StudySpec) -> None:
    assert counted_spec.differences(StudySpec.from_json(counted_spec.to_json())) == []


def test_differences_name_both_values(counted_spec: StudySpec) -> None:
    asked = replace(counted_spec, seed=4, objectives=parse_objectives("accuracy"), data_hash="1" * 64)
    said = "; ".join(counted_spec.differences(asked))
    assert "seed: 3, not 4" in said
    assert "objectives: accuracy, -macs, not accuracy" in said
    assert "data: 000000000000, not 111111111111" in said


def test_a_raised_version_of_a_method_is_a_difference(counted_spec: StudySpec) -> None:
    spec = measured(counted_spec)
    first, second = (replace(spec, methods={f"latency[{ONE}]": f"paired-ratio {version}"}) for version in (1, 2))
    assert StudySpec.from_json(first.to_json()) == first
    (said,) = first.differences(second)
    assert said == f"methods of measuring: latency[{ONE}] paired-ratio 1, not latency[{ONE}] paired-ratio 2"


def test_changed_data_is_told_once_and_not_as_another_task(counted_spec: StudySpec) -> None:
    ours, theirs = (
        replace(counted_spec, task={"task": "digits", "data_hash": mark * 64}, data_hash=mark * 64) for mark in "ab"
    )
    assert ours.differences(theirs) == ["data: aaaaaaaaaaaa, not bbbbbbbbbbbb"]


def test_a_space_that_changed_under_its_name_is_told_with_what_changed(counted_spec: StudySpec) -> None:
    changed = SearchSpace.from_dict({**counted_spec.space.to_json(), "rules": []})
    said = counted_spec.differences(replace(counted_spec, space=changed))
    assert said == ["space: small as it was, not as it is now (its rules changed)"]


def test_bounds_that_differ_are_told_as_they_are_written(counted_spec: StudySpec) -> None:
    without = replace(counted_spec, constraints=())
    assert counted_spec.differences(without) == ["constraints: params <= 20 k, not none"]


def test_a_spec_that_says_nothing_of_replicates_has_one(counted_spec: StudySpec) -> None:
    value = counted_spec.to_json()
    del value["replicates"]
    assert StudySpec.from_json(value).replicates == 1


def test_other_replicates_are_a_difference(counted_spec: StudySpec) -> None:
    assert counted_spec.differences(replace(counted_spec, replicates=3)) == ["replicates: 1, not 3"]

"""Looking over a space before searching it."""

from dataclasses import replace

import pytest

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.survey import Survey, extreme, survey

NEVER = {
    "name": "never",
    "title": "Heads that divide nothing",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {"encoder.width": 9, "encoder.depth": [1, 2], "encoder.mixer": "softmax", "encoder.mixer.heads": 2},
}


@pytest.fixture
def found(counted_spec: StudySpec) -> Survey:
    return survey(counted_spec, samples=60)


def test_the_same_study_gives_the_same_survey(counted_spec: StudySpec, found: Survey) -> None:
    assert survey(counted_spec, samples=60) == found


def test_another_seed_samples_other_points(counted_spec: StudySpec, found: Survey) -> None:
    assert survey(replace(counted_spec, seed=4), samples=60) != found


def test_valid_points_are_ordered_by_macs_and_the_others_have_reasons(found: Survey) -> None:
    macs = [each.counts["macs"] for each in found.valid]
    assert macs == sorted(macs)
    assert found.invalid + len(found.valid) == found.samples
    assert sum(times for _, times in found.reasons) >= found.invalid


def test_a_space_without_a_valid_point_is_refused_with_the_reason(counted_spec: StudySpec) -> None:
    never = replace(counted_spec, space=SearchSpace.from_dict(NEVER))
    with pytest.raises(UserError, match="Space never has no valid point among 10 sampled; 10 of them .* heads"):
        survey(never, samples=10)


@pytest.mark.parametrize("name", ["params", "macs"])
@pytest.mark.parametrize("largest", [False, True])
def test_an_extreme_is_valid_and_no_sample_is_beyond_it(
    counted_spec: StudySpec, found: Survey, name: str, largest: bool
) -> None:
    end = extreme(counted_spec, found, name, largest=largest)
    counts = [each.counts[name] for each in found.valid]
    assert end.counts[name] >= max(counts) if largest else end.counts[name] <= min(counts)
    assert not counted_spec.space.explain(end.point, counted_spec.signature)

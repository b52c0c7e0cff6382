import pytest

from paretoformer.evaluators.length_tasks.ranking import mean_reciprocal_ranks


def test_a_table_made_by_hand() -> None:
    cases = [
        {"none": 0.9, "t5": 0.7, "alibi": 0.1},  # ranks 1 2 3
        {"none": 0.2, "t5": 0.6, "alibi": 0.4},  # 3 1 2
    ]
    found = mean_reciprocal_ranks(cases)
    assert found == pytest.approx({"none": (1 + 1 / 3) / 2, "t5": (1 / 2 + 1) / 2, "alibi": (1 / 3 + 1 / 2) / 2})


def test_equal_scores_are_ranked_as_they_stand() -> None:
    assert mean_reciprocal_ranks([{"b": 0.0, "a": 0.0, "c": 1.0}]) == pytest.approx({"b": 1 / 2, "a": 1 / 3, "c": 1})


def test_the_first_of_all_cases_has_one() -> None:
    assert mean_reciprocal_ranks([{"a": 3, "b": 2}, {"a": 1, "b": 0}])["a"] == 1

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.studies.rank_correlation import kendall, ranks, spearman

numbers = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=3, max_size=12)


@given(numbers)
def test_both_agree_with_scipy(pairs) -> None:
    from scipy.stats import kendalltau, spearmanr

    one, other = map(list, zip(*pairs, strict=True))
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert math.isnan(kendall(one, other)) and math.isnan(spearman(one, other))
    else:
        assert kendall(one, other) == pytest.approx(kendalltau(one, other).statistic)
        assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic)


def test_the_same_order_is_1_and_the_other_way_round_minus_1() -> None:
    assert kendall([1, 2, 3], [2, 4, 9]) == spearman([1, 2, 3], [2, 4, 9]) == 1
    assert kendall([1, 2, 3], [9, 4, 2]) == spearman([1, 2, 3], [9, 4, 2]) == -1


def test_equal_numbers_share_the_mean_of_their_ranks() -> None:
    assert ranks([5, 1, 5]).tolist() == [2.5, 1, 2.5]

from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.traced.budget import logarithmic, spread, within

steps = st.lists(st.integers(0, 9), min_size=1, max_size=20)


def is_part(short: list[int], long: list[int]) -> bool:
    rest = iter(long)
    return all(any(one == other for other in rest) for one in short)


@settings(deadline=None, max_examples=50)
@given(steps)
def test_budgets_are_nested(trace: list[int]) -> None:
    size = len(trace)
    prefixes = [step for last in range(1, size + 1) for step in trace[:last]]
    written = [within(budget, trace, prefixes, size) for budget in ("none", "log", "linear", "quadratic")]
    assert all(is_part(short, long) for short, long in zip(written, written[1:], strict=False))


@settings(deadline=None, max_examples=50)
@given(steps, st.integers(1, 30))
def test_a_spread_has_so_many_steps_and_ends_with_the_last(trace: list[int], most: int) -> None:
    found = spread(trace, most)
    assert len(found) == min(most, len(trace)) and found[-1] == trace[-1]


def test_the_logarithm_is_rounded_up() -> None:
    assert [logarithmic(size) for size in (1, 2, 5, 8, 9)] == [1, 1, 3, 3, 4]

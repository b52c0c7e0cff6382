"""Trials and their states."""

import pytest

from paretoformer.records.trial import Outcome, TrialState


@pytest.mark.parametrize("state", TrialState)
def test_all_states_but_the_first_two_are_ends(state) -> None:
    assert state.ended == (state not in (TrialState.RESERVED, TrialState.RUNNING))


def test_two_outcomes_share_no_violations() -> None:
    one = Outcome(number=0, state=TrialState.FAILED, point={})
    two = Outcome(number=1, state=TrialState.FAILED, point={})
    assert one.violations == {} and one.violations is not two.violations

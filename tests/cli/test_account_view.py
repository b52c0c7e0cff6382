"""What a search has cost, as people read it."""

from dataclasses import replace

import pytest

from paretoformer.cli.views.account import account_line, account_lines, joules_line
from paretoformer.records.trial import TrialState
from paretoformer.studies.account import Account, Joules, MemberAccount
from paretoformer.studies.seconds import KINDS

UNREAD = Joules(spent={}, trials=0, unknown=None, shared=False)
READ = Joules(spent={"training": 10.0, "measuring": 1.0}, trials=2, unknown=None, shared=False)
EMPTY = Account(ends={}, seconds=dict.fromkeys(KINDS, 0.0), joules=UNREAD, members=())
FILLED = replace(
    EMPTY,
    ends={TrialState.COMPLETE: 3, TrialState.FAILED: 2},
    seconds={**EMPTY.seconds, "training": 6.0, "measuring": 3.0},
    members=tuple(MemberAccount(trial=number, seconds={}, joules=None) for number in (1, 3)),
)


def test_the_cost_is_shared_among_front_members() -> None:
    assert account_line(FILLED) == "cost: 3.0 s training and 1.5 s measuring for each of 2 front members"


def test_an_empty_study_has_no_shares() -> None:
    assert list(account_lines(EMPTY))[-1] == "joules: unknown: no counter was read"


@pytest.mark.parametrize(
    ("joules", "line"),
    [
        (READ, "10 J training, 1 J measuring in 2 of 5 trials"),
        (
            replace(READ, trials=5, shared=True),
            "at most 10 J training, 1 J measuring; trials ran at the same time, and the counter is the whole device's",
        ),
        (
            replace(READ, unknown="no counter"),
            "10 J training, 1 J measuring in 2 of 5 trials; unknown of others: no counter",
        ),
        (replace(UNREAD, unknown="no counter"), "unknown: no counter"),
    ],
    ids=["some trials", "shared", "unknown of others", "unknown"],
)
def test_joules_are_told_with_what_they_cover_and_never_as_0(joules: Joules, line: str) -> None:
    assert joules_line(replace(FILLED, joules=joules)) == line

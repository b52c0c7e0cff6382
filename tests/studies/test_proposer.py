"""Proposals: repeatable from history, valid and new where the engine can."""

from dataclasses import replace

from paretoformer.records.trial import Outcome, Point, TrialState
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.proposer import Proposer, identity
from paretoformer.studies.spec import StudySpec


class Rows:
    """Outcomes in commit order, as a store gives them."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes

    def __call__(self, after: int, upto: int) -> list[Outcome]:
        return self.outcomes[after:upto]


def test_an_heir_repeats_a_proposal_although_more_is_known_now(
    counted_spec: StudySpec, some_ends: list[Outcome]
) -> None:
    proposer = Proposer(counted_spec, Rows(some_ends))
    first = proposer.draw(21, 20)
    proposer.draw(40, 39)
    assert proposer.draw(21, 20) == first
    assert Proposer(counted_spec, Rows(some_ends)).draw(21, 20) == first


def test_what_is_drawn_is_valid_and_new_while_the_space_has_such_points(
    counted_spec: StudySpec, some_ends: list[Outcome]
) -> None:
    proposer = Proposer(counted_spec, Rows(some_ends))
    drawn = [proposer.draw(number, 40) for number in range(41, 61)]
    assert all(not each.reasons and each.known is None for each in drawn)


def test_a_known_architecture_is_drawn_only_when_nothing_else_is_left(counted_spec: StudySpec) -> None:
    tiny = SearchSpace.from_dict(
        {
            "name": "tiny",
            "title": "Two points",
            "topology": "encoder",
            "stem": "patches",
            "dimensions": {
                "encoder.depth": 1,
                "encoder.width": [8, 16],
                "encoder.mixer": "identity",
            },
        }
    )
    spec = replace(counted_spec, space=tiny)
    ends = [
        Outcome(number=n, state=TrialState.COMPLETE, point={"encoder.width": width}, values=(0.1, 0.2))
        for n, width in enumerate((8, 16), start=1)
    ]
    known = Proposer(spec, Rows(ends)).draw(3, 2).known
    assert known in ends


def test_a_failed_architecture_may_be_drawn_again(counted_spec: StudySpec, space: SearchSpace) -> None:
    proposer = Proposer(counted_spec, Rows([]))
    point = proposer.draw(1, 0).point
    failed = Outcome(number=1, state=TrialState.FAILED, point=point)
    again = Proposer(counted_spec, Rows([failed])).draw(1, 1)
    assert again.point == point
    assert again.known is None


def test_spellings_of_one_architecture_have_one_identity(space: SearchSpace) -> None:
    point: Point = {
        "stem.size": 2,
        "encoder.depth": 1,
        "encoder.width": 8,
        "encoder.mixer[0]": "identity",
        "encoder.feedforward.ratio": 1,
    }
    spelled = {**point, "encoder.mixer.heads[0]": 4}
    assert identity(space.decode(point)) == identity(space.decode(spelled))

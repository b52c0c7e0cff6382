"""What every registered engine owes: pure proposals, in the space, in step whatever it is told."""

import random
from dataclasses import replace

import pytest

from paretoformer.records.errors import UserError
from paretoformer.records.trial import Outcome, TrialState
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.engines.base import Engine, Problem, engine, engines, register_engine

SIGNATURE_FREE_SEED = 5


def made(name: str, space: SearchSpace, told: list[Outcome], seed: int = SIGNATURE_FREE_SEED) -> Engine:
    found = engine(name)(Problem(space=space, objectives=2, seed=seed))
    for outcome in told:
        found.tell(outcome)
    return found


def ends(space: SearchSpace, count: int) -> list[Outcome]:
    rng = random.Random(1)
    states = (
        TrialState.COMPLETE,
        TrialState.COMPLETE,
        TrialState.INVALID,
        TrialState.OVER_CONSTRAINT,
        TrialState.FAILED,
    )
    found = []
    for number in range(1, count + 1):
        state = rng.choice(states)
        values = (rng.random(), rng.random()) if state is TrialState.COMPLETE else ()
        broken = state in (TrialState.INVALID, TrialState.OVER_CONSTRAINT)
        violations = {"a": rng.random() if broken else -rng.random()} if state is not TrialState.FAILED else {}
        found.append(Outcome(number=number, state=state, point=space.sample(rng), values=values, violations=violations))
    return found


@pytest.fixture(params=list(engines()))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_proposal_gives_a_value_of_its_domain_to_every_gene(name: str, space: SearchSpace) -> None:
    proposal = made(name, space, ends(space, 30)).ask(31)
    assert set(proposal.point) == {gene.key for gene in space.genes}
    assert all(proposal.point[gene.key] in gene.domain for gene in space.genes)


@pytest.mark.parametrize("history", [0, 1, 12, 45, 230])
def test_proposals_depend_on_what_was_told_and_on_nothing_else(name: str, space: SearchSpace, history: int) -> None:
    told = ends(space, history)
    busy = made(name, space, told[: history // 2])
    for number in range(40, 44):
        busy.ask(number)
    for outcome in told[history // 2 :]:
        busy.tell(outcome)
    busy.ask(90)
    fresh = made(name, space, told)
    assert [busy.ask(n) for n in (60, 61)] == [fresh.ask(n) for n in (60, 61)]


def test_attempts_and_numbers_give_different_points(name: str, space: SearchSpace) -> None:
    asked = made(name, space, ends(space, 25))
    points = {str(asked.ask(number, attempt).point) for number in (26, 27) for attempt in range(4)}
    assert len(points) > 4


def test_another_seed_gives_other_points(name: str, space: SearchSpace) -> None:
    told = ends(space, 25)
    points = [[made(name, space, told, seed).ask(n).point for n in (26, 27, 28)] for seed in (1, 2)]
    assert points[0] != points[1]


def test_memos_survive_the_way_through_a_store(name: str, space: SearchSpace) -> None:
    rng = random.Random(2)
    live, told = made(name, space, []), []
    for number in range(1, 71):
        proposal = live.ask(number)
        outcome = Outcome(
            number=number,
            state=TrialState.COMPLETE,
            point=space.trim(proposal.point),
            values=(rng.random(), rng.random()),
            memo=proposal.memo,
        )
        live.tell(outcome)
        told.append(outcome)
    assert made(name, space, told).ask(71) == live.ask(71)


def test_late_outcomes_of_an_earlier_time_do_no_harm(name: str, space: SearchSpace) -> None:
    told = [replace(outcome, memo={"generation": 0}) for outcome in ends(space, 60)]
    assert made(name, space, told).ask(61) == made(name, space, told).ask(61)


def test_engines_have_a_title(name: str) -> None:
    assert engines()[name].title


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'tpee' is not an engine; engines: .*tpe"):
        engine("tpee")


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        register_engine("tpe")(engines()["random"])

"""Engines that learn beat chance on a problem with structure."""

import random
from statistics import median

import numpy as np
import pytest

from paretoformer.records.trial import Outcome, TrialState
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.engines.base import Problem, engine
from paretoformer.studies.front import hypervolume


def final_hypervolume(name: str, space: SearchSpace, seed: int, asks: int) -> float:
    """Two objectives that pull apart over the encoded genes."""
    searching = engine(name)(Problem(space=space, objectives=2, seed=seed))
    rows = []
    for number in range(1, asks + 1):
        proposal = searching.ask(number)
        code = np.array(space.encode(space.trim(proposal.point)))
        values = (float(np.square(code - 0.2).sum()), float(np.square(code - 0.5).sum()))
        rows.append(values)
        searching.tell(
            Outcome(
                number=number,
                state=TrialState.COMPLETE,
                point=space.trim(proposal.point),
                values=values,
                memo=proposal.memo,
            )
        )
    return hypervolume(np.array(rows), [3.0, 3.0])


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_learning_beats_chance(name: str, space: SearchSpace) -> None:
    seeds, asks = range(3), 90
    learned = median(final_hypervolume(name, space, seed, asks) for seed in seeds)
    chance = median(final_hypervolume("random", space, seed, asks) for seed in seeds)
    assert learned > chance


def test_infeasible_regions_are_left(space: SearchSpace) -> None:
    searching = engine("tpe")(Problem(space=space, objectives=1, seed=0))
    rng = random.Random(0)
    broken = []
    for number in range(1, 81):
        point = space.trim(searching.ask(number).point)
        over = 1.0 if point["encoder.width"] == 8 else -1.0
        broken.append(over > 0)
        searching.tell(
            Outcome(
                number=number,
                state=TrialState.OVER_CONSTRAINT if over > 0 else TrialState.COMPLETE,
                point=point,
                values=() if over > 0 else (rng.random(),),
                violations={"width": over},
            )
        )
    assert sum(broken[-40:]) < sum(broken[:20])

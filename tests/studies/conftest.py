"""A small space, a spec over it, and studies made of rows."""

import random
from pathlib import Path

import pytest

from paretoformer.records.objective import parse_constraint, parse_objectives
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, ImageInput, Signature
from paretoformer.records.trial import Outcome, TrialState
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.spec import StudySpec

SIGNATURE = Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10))

SPACE = {
    "name": "small",
    "title": "Small encoders for tests",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {
        "stem.size": [2, 4],
        "encoder.depth": {"from": 1, "to": 3},
        "encoder.width": [8, 16, 24],
        "encoder.mixer": {"choose": ["softmax", "pooling", "identity"], "per": "layer"},
        "encoder.mixer.heads": [1, 2, 4],
        "encoder.feedforward.ratio": [1, 2],
    },
    "rules": ["encoder.width % encoder.mixer.heads == 0"],
}


@pytest.fixture(scope="session")
def space() -> SearchSpace:
    """A few thousand points."""
    return SearchSpace.from_dict(SPACE)


@pytest.fixture
def counted_spec(space: SearchSpace) -> StudySpec:
    """Accuracy against counted costs: nothing of it depends on the machine's speed."""
    return StudySpec(
        task={"task": "digits"},
        data_hash="0" * 64,
        signature=SIGNATURE,
        space=space,
        objectives=parse_objectives("accuracy, -macs"),
        constraints=(parse_constraint("params <= 20k"),),
        targets=(),
        engine="tpe",
        seed=3,
        recipe=Recipe(budget=128),
        metric_units={"accuracy": "fraction"},
        provenance={},
    )


def outcomes(space: SearchSpace, count: int, seed: int = 0, **memos: object) -> list[Outcome]:
    """Ends of trials in commit order: mostly complete, some invalid, over their constraint or failed."""
    rng = random.Random(seed)
    found = []
    for number in range(1, count + 1):
        point = space.sample(rng)
        if space.explain(point, SIGNATURE):
            found.append(Outcome(number=number, state=TrialState.INVALID, point=point, violations={"valid": 1.0}))
        elif number % 11 == 0:
            found.append(Outcome(number=number, state=TrialState.FAILED, point=point))
        elif number % 7 == 0:
            over = {"params <= 20k": rng.random()}
            found.append(Outcome(number=number, state=TrialState.OVER_CONSTRAINT, point=point, violations=over))
        else:
            values = (rng.random(), rng.random())
            within = {"params <= 20k": -rng.random()}
            found.append(
                Outcome(number=number, state=TrialState.COMPLETE, point=point, values=values, violations=within)
            )
    return found


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def some_ends(space: SearchSpace) -> list[Outcome]:
    """Forty ends."""
    return outcomes(space, 40)

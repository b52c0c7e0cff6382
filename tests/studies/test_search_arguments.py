import inspect
from pathlib import Path
from typing import Any

import pytest

from paretoformer import search
from paretoformer.records.errors import UserError
from paretoformer.studies import search as module
from paretoformer.studies.arguments import KINDS, OPTIONAL
from paretoformer.studies.effort import Effort, Place
from paretoformer.studies.planning import Request

WRONG = {
    "what": 3,
    "space": 3,
    "on": "cpu",
    "objectives": ["accuracy"],
    "subject_to": "params <= 1e6",
    "trials": "24",
    "hours": "1",
    "time_limit_s": "60",
    "engine": None,
    "workers": 1.5,
    "study": 7,
    "storage": Path("x.db"),
    "artifacts": None,
    "seed": "0",
    "replicates": 3.0,
    "columns": {"text": "review"},
    "budget": 512.0,
    "batch": "8",
    "learning_rate": "1e-3",
    "criterion": 3,
    "pretraining": False,
    "pretraining_share": "half",
}


@pytest.mark.parametrize("name", KINDS)
def test_an_argument_of_a_wrong_type_is_refused_with_what_it_takes(name: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"what": "digits", "storage": f"sqlite:///{tmp_path}/x.db", name: WRONG[name]}
    with pytest.raises(UserError) as error:
        search(**given)
    assert str(error.value).startswith(f"{name} is {WRONG[name]!r}; it takes {KINDS[name][0]}")
    assert not list(tmp_path.iterdir())


def test_every_argument_has_a_type_and_may_be_none_where_none_is_its_default() -> None:
    parameters = inspect.signature(search).parameters
    assert set(parameters) == set(KINDS)
    assert {name for name, each in parameters.items() if each.default is None} == set(OPTIONAL)


def test_the_arguments_reach_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[Request, Place, Effort]] = []
    monkeypatch.setattr(module, "run_search", lambda *given: found.append(given))
    search("digits", trials=3, hours=1, time_limit_s=60, workers=2, artifacts="there", seed=5, criterion="layer-wise")
    ((request, place, effort),) = found
    assert request.criterion == "layer-wise"
    assert (request.what, request.seed, place.artifacts) == ("digits", 5, Path("there"))
    assert effort == Effort(trials=3, hours=1, time_limit_s=60, workers=2)

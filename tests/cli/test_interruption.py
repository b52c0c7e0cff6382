"""What an interrupted search says it leaves."""

import shutil
from pathlib import Path

import pytest

from paretoformer.cli.commands.search import say_interrupted
from paretoformer.store import Store
from paretoformer.studies.effort import Place


@pytest.fixture
def place(home: Path, tmp_path: Path) -> Place:
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    return Place(study="small", storage=f"sqlite:///{tmp_path / 'paretoformer.db'}")


@pytest.mark.parametrize(
    ("released", "kept", "sentence"),
    [
        (0, 0, "Stopped; no trial was under way. The same command goes on with study small."),
        (1, 0, "Stopped; 1 trial under way was handed back. The same command"),
        (2, 1, "Stopped; 2 trials under way were handed back. The same command"),
        (0, 1, "Stopped; no trials under way were handed back. The same command"),
    ],
)
def test_an_interruption_says_how_many_trials_the_database_has_without_a_worker(
    capsys: pytest.CaptureFixture[str], place: Place, released: int, kept: int, sentence: str
) -> None:
    with Store.open(place.storage) as store:
        study = store.studies.get(place.study).id
        for owner in ["left"] * released + ["works"] * kept:
            trial = store.trials.reserve(study, owner)
            assert trial is not None
            store.trials.set_running(trial)
        store.trials.release("left")
    say_interrupted(place, started=True)
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_an_interruption_before_the_search_began_claims_no_trial(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    say_interrupted(Place(study="s", storage=f"sqlite:///{tmp_path / 'none.db'}"), started=False)
    assert "no trial of study s was taken up" in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())

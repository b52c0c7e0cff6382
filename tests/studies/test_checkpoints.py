"""Weights of runs: whole files, found again, dropped when nobody needs them."""

from pathlib import Path

import pytest
import torch

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.checkpoints import ArtifactsUnwritable, Checkpoints

from .conftest import SIGNATURE


@pytest.fixture
def models(space: SearchSpace) -> tuple[Model, Model]:
    """Two models of one architecture with different weights."""
    point = {
        "stem.size": 2,
        "encoder.depth": 1,
        "encoder.width": 8,
        "encoder.mixer[0]": "identity",
        "encoder.feedforward.ratio": 1,
    }
    architecture = space.decode(point).architecture
    return build(architecture, SIGNATURE, seed=0), build(architecture, SIGNATURE, seed=1)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    found = Checkpoints(tmp_path / "artifacts")
    found.prepare()
    return found


def test_saved_weights_are_loaded_bit_for_bit(checkpoints: Checkpoints, models: tuple[Model, Model]) -> None:
    saved, other = models
    checkpoints.save("key", saved)
    assert checkpoints.load("key", other)
    assert all(torch.equal(a, b) for a, b in zip(saved.parameters(), other.parameters(), strict=True))


def test_weights_that_are_not_there_leave_a_model_as_it_is(
    checkpoints: Checkpoints, models: tuple[Model, Model]
) -> None:
    before = [parameter.clone() for parameter in models[0].parameters()]
    assert not checkpoints.load("none", models[0])
    assert all(torch.equal(a, b) for a, b in zip(before, models[0].parameters(), strict=True))


def test_only_the_runs_asked_about_are_dropped(checkpoints: Checkpoints, models: tuple[Model, Model]) -> None:
    for key in ("front", "beaten", "others"):
        checkpoints.save(key, models[0])
    checkpoints.keep({"front"}, among={"front", "beaten"})
    assert [checkpoints.path(key).exists() for key in ("front", "beaten", "others")] == [True, False, True]


def test_a_write_that_fails_leaves_nothing(
    checkpoints: Checkpoints, models: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("paretoformer.studies.checkpoints.os.replace", full)
    with pytest.raises(ArtifactsUnwritable, match="artefact folder .* has no room left"):
        checkpoints.save("key", models[0])
    assert list(checkpoints.path("key").parent.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="artefact folder .* cannot be written"):
        Checkpoints(tmp_path / "file" / "inside").prepare()

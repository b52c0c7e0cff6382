"""Weights of runs: whole files, found again, dropped when nobody needs them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

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


@pytest.fixture
def snapshot() -> dict[str, Tensor]:
    return {"weights": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), "step": torch.tensor(7)}


def test_a_snapshot_comes_back_bit_for_bit(checkpoints: Checkpoints, snapshot: dict[str, Tensor]) -> None:
    checkpoints.save_snapshot("key", snapshot)
    found = checkpoints.load_snapshot("key")
    assert found is not None and found.keys() == snapshot.keys()
    assert all(torch.equal(found[name], snapshot[name]) for name in snapshot)


def test_a_snapshot_replaces_the_one_before_and_is_gone_once_dropped(
    checkpoints: Checkpoints, snapshot: dict[str, Tensor]
) -> None:
    assert checkpoints.load_snapshot("key") is None
    for step in (1, 2):
        checkpoints.save_snapshot("key", {**snapshot, "step": torch.tensor(step)})
    found = checkpoints.load_snapshot("key")
    assert found is not None and found["step"] == 2
    checkpoints.drop_snapshot("key")
    assert checkpoints.load_snapshot("key") is None and list(checkpoints.folder.iterdir()) == []


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-5], lambda content: b"", lambda content: content[:-1] + b"?"]
)
def test_a_damaged_snapshot_is_none(
    checkpoints: Checkpoints, snapshot: dict[str, Tensor], damage: Callable[[bytes], bytes]
) -> None:
    checkpoints.save_snapshot("key", snapshot)
    path = checkpoints.snapshot_path("key")
    path.write_bytes(damage(path.read_bytes()))
    assert checkpoints.load_snapshot("key") is None


def test_no_snapshot_outlives_the_trials_that_ended(
    checkpoints: Checkpoints, models: tuple[Model, Model], snapshot: dict[str, Tensor]
) -> None:
    checkpoints.save("front", models[0])
    for key in ("front", "beaten", "others"):
        checkpoints.save_snapshot(key, snapshot)
    checkpoints.keep({"front"}, among={"front", "beaten"})
    assert {path.name for path in checkpoints.folder.iterdir()} == {
        checkpoints.path("front").name,
        checkpoints.snapshot_path("others").name,
    }


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="artefact folder .* cannot be written"):
        Checkpoints(tmp_path / "file" / "inside").prepare()

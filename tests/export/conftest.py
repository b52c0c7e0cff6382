import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from paretoformer.evaluators.own_data.text import Text
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.tasks.digits import Digits
from paretoformer.evaluators.trainer import Trainer
from paretoformer.export.exporting import export_trial
from paretoformer.export.findings import find
from paretoformer.export.subject import Exportable
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

LATENCY = Measurement(
    quantity="latency",
    unit="s",
    value=1.25e-3,
    low=1.2e-3,
    high=1.3e-3,
    samples=(1.2e-3, 1.3e-3),
    provenance=Provenance.MEASURED,
    method="paired visits",
    method_version=1,
    target="cpu:eager:fp32:1:prefill/1/16",
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def block(mixer: str) -> list[dict[str, Any]]:
    return [
        {"role": "mixer", "body": {"name": mixer}, "norm": {"name": "layer"}},
        {"role": "feedforward", "body": {"name": "gelu"}, "norm": {"name": "layer"}},
    ]


def small(topology: str, stem: dict[str, Any], position: str) -> Architecture:
    stack = {"name": topology, "width": 16, "position": {"name": position}, "blocks": [block("softmax")]}
    return Architecture.from_json({"topology": {"name": topology}, "stem": stem, "stacks": [stack]})


def trained(task: Task, architecture: Architecture, study: str = "small") -> Exportable:
    """Trained for 40 steps."""
    recipe = Recipe(batch=16, budget=640, learning_rate=0.01)
    model = build(architecture, task.signature, seed=0)
    *_, last = Trainer(model, task, recipe, seed=1, rungs=1).run()
    return Exportable(
        architecture=architecture,
        signature=task.signature,
        model=model.eval(),
        task=task,
        recipe=recipe,
        study=study,
        trial=3,
        scores=last,
        measurements=(LATENCY,),
        seeds={"initial weights": 0, "training": 1},
        provenance={"engine": "random"},
    )


@pytest.fixture(scope="session")
def encoder() -> Exportable:
    torch.set_num_threads(1)
    return trained(Digits(), small("encoder", {"name": "patches", "size": 2}, "sinusoidal"))


@pytest.fixture(scope="session")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Exportable:
    """With a head tied to its stem, on a text of the tester's own."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("data") / "squares.txt"
    place.write_text(" ".join(f"{number} times itself is {number**2}." for number in range(400)))
    return trained(Text(place), small("decoder", {"name": "tokens", "tied": True}, "rotary"))


@pytest.fixture
def in_process() -> Iterator[None]:
    """Proofs open the export in this process, which takes a tenth of the time of a fresh one."""
    with _in_process():
        yield


@contextmanager
def _in_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("paretoformer.export.exporting.find_in_fresh_process", find)
        patch.setattr("paretoformer.export.verifying.find_in_fresh_process", find)
        yield


@pytest.fixture(scope="session")
def encoder_export(encoder: Exportable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with _in_process():
        return export_trial(encoder, tmp_path_factory.mktemp("encoder") / "out")[0].folder


@pytest.fixture(scope="session")
def decoder_export(decoder: Exportable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with _in_process():
        return export_trial(decoder, tmp_path_factory.mktemp("decoder") / "out")[0].folder


@pytest.fixture
def exported(in_process: None, encoder_export: Path, tmp_path: Path) -> Path:
    """An export of `encoder` to spoil."""
    return Path(shutil.copytree(encoder_export, tmp_path / "out" / encoder_export.name))


@pytest.fixture
def decoder_folder(in_process: None, decoder_export: Path, tmp_path: Path) -> Path:
    """An export of `decoder` to spoil."""
    return Path(shutil.copytree(decoder_export, tmp_path / "decoder" / decoder_export.name))

"""Fashion-MNIST: 70,000 images of clothes, 28 x 28."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from paretoformer.evaluators import packages
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, ImageInput, Signature

_PACKAGE = "fashion-mnist"
_SIZE = 28
_VALIDATION = 10_000
"""The last so many of the 60,000 training images."""
_OFFSETS = {"images-idx3": 16, "labels-idx1": 8}
"""Bytes before the data of a file."""


@register_task("fashion-mnist")
class FashionMnist(MemoryTask):
    """Which of ten kinds of clothes an image shows; pixels 0 to 255 are divided by 255.

    The test split is the published one. Validation are the last 10,000 of the published training images, and training is
    the rest, without images that are in validation or test to the pixel.
    """

    about: About = About(
        title="clothes, 28 x 28 pixels, 10 classes",
        data="Fashion-MNIST (Debian dataset-fashion-mnist): 50,000 images to train on, 10,000 to validate and the 10,000 of its test",
        licence=packages.package(_PACKAGE).licence,
        baseline="accuracy 0.840 on validation by logistic regression on the pixels of 10,000 images, stopped after 60 iterations",
        package=_PACKAGE,
    )
    metrics: tuple[Metric, ...] = (Accuracy(),)
    signature: Signature = Signature(
        input=ImageInput(channels=1, height=_SIZE, width=_SIZE), output=ClassOutput(classes=10)
    )
    recipe: Recipe = Recipe(batch=32, budget=32_768)
    classes = (
        "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "trainers", "bag", "ankle boot",
    )  # fmt: skip

    def __init__(self) -> None:
        folder = packages.folder(_PACKAGE)
        images = {part: _read(folder, part, "images-idx3").reshape(-1, _SIZE * _SIZE) for part in ("train", "t10k")}
        labels = {part: _read(folder, part, "labels-idx1") for part in ("train", "t10k")}
        pixels = {
            Split.TRAIN: images["train"][:-_VALIDATION],
            Split.VALIDATION: images["train"][-_VALIDATION:],
            Split.TEST: images["t10k"],
        }
        targets = {
            Split.TRAIN: labels["train"][:-_VALIDATION],
            Split.VALIDATION: labels["train"][-_VALIDATION:],
            Split.TEST: labels["t10k"],
        }
        kept = _distinct(pixels)
        super().__init__(
            {split: _examples(pixels[split][kept[split]], targets[split][kept[split]]) for split in Split},
            data_hash=content_key(b"".join(part.tobytes() for found in (images, labels) for part in found.values())),
        )


def _read(folder: Path, part: str, kind: str) -> npt.NDArray[np.uint8]:
    content = (folder / f"{part}-{kind}-ubyte").read_bytes()
    return np.frombuffer(content, np.uint8, offset=_OFFSETS[kind])


def _distinct(pixels: dict[Split, npt.NDArray[np.uint8]]) -> dict[Split, npt.NDArray[np.int64]]:
    """Places of the images that are in no later split; test keeps all."""
    taken: set[bytes] = set()
    kept = {}
    for split in reversed(Split):
        rows = [row.tobytes() for row in pixels[split]]
        kept[split] = np.array([place for place, row in enumerate(rows) if row not in taken])
        taken.update(rows)
    return kept


def _examples(pixels: npt.NDArray[np.uint8], targets: npt.NDArray[np.uint8]) -> Examples:
    """pixels: (n, 784) -> inputs (n, 1, 28, 28) from 0 to 1."""
    inputs = torch.from_numpy(pixels.astype(np.float32)).div_(255).reshape(-1, 1, _SIZE, _SIZE)
    return Examples(inputs=inputs, targets=torch.from_numpy(targets.astype(np.int64)))

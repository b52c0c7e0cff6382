"""Image classification on a folder of the user's."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paretoformer.evaluators.contradictions import contradictions
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.own_data.reading import check_classes, check_enough, class_numbers
from paretoformer.evaluators.splits import content_key, deal, group_numbers
from paretoformer.evaluators.task import About
from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, ImageInput, Signature

SUFFIXES = (".png", ".jpg", ".jpeg")
MOST_BYTES = 4 * 10**9
"""The most memory that the images may take as fp32."""

Pixels = npt.NDArray[np.uint8]


class ImageFolder(MemoryTask):
    """Which subfolder an image lies in. Grey images have one channel; where any has colour, all have three."""

    metrics: tuple[Metric, ...] = (Accuracy(),)
    recipe: Recipe = Recipe(batch=32, budget=16_384)

    def __init__(self, path: Path) -> None:
        files = _files(path)
        labels = [file.parent.name for file in files]
        check_classes(path, labels, "image")
        self.path, self.classes = path.resolve(), tuple(sorted(set(labels)))
        images = _with_equal_channels(_read_all(path, files))
        keys = [content_key(image.tobytes()) for image in images]
        dealt = deal(keys, strata=labels)
        check_enough(path, keys, dealt, "image")
        targets, groups = class_numbers(self.classes, labels), group_numbers(keys)
        super().__init__(
            {split: _examples(images, targets, groups, dealt[split]) for split in Split},
            data_hash=digest([[label, key] for label, key in zip(labels, keys, strict=True)]),
        )
        self.contradictions = contradictions(keys, labels, [f"{file.parent.name}/{file.name}" for file in files])
        height, width, channels = images[0].shape
        self.name = path.resolve().name
        self.signature = Signature(
            input=ImageInput(channels=channels, height=height, width=width),
            output=ClassOutput(classes=len(self.classes)),
        )
        self.about = About(
            title=f"images of {width} x {height} pixels, {len(self.classes)} classes",
            data=f"{self.name}: {len(files):,} images, {channels} channel{'s' if channels > 1 else ''}, 0 to 1",
            licence="your own data",
            baseline=f"most frequent class: {self.constant_scores()['accuracy']:.3f} of validation",
        )

    @property
    def spec(self) -> dict[str, Any]:
        """The absolute path, and the hash that classes and pixels must have."""
        return {"path": str(self.path), "data_hash": self.data_hash}


def _files(path: Path) -> list[Path]:
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    if len(folders) < 2:
        found = f"only '{folders[0].name}'" if folders else "none"
        raise UserError(
            f"'{path}' needs one subfolder of images for each of at least two classes, and has {found}; "
            f"put images as {path.name}/CLASS/IMAGE.png."
        )
    files = []
    for folder in folders:
        own = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
        if not own:
            raise UserError(f"'{folder}' holds no image; images end in {', '.join(SUFFIXES)}.")
        files += own
    return files


def _read_all(path: Path, files: list[Path]) -> list[Pixels]:
    images: list[Pixels] = []
    for file in files:
        image = _read(file)
        if images and image.shape[:2] != images[0].shape[:2]:
            raise UserError(
                f"'{file}' has {_size(image)} pixels and '{files[0]}' has {_size(images[0])}; "
                "bring all images to one size."
            )
        images.append(image)
        needed = 4 * image.size * len(files)
        if needed > MOST_BYTES:
            raise UserError(
                f"'{path}' has {len(files):,} images of {_size(image)} pixels, which take {needed / 1e9:.1f} GB of "
                f"memory; at most {MOST_BYTES / 1e9:.0f} GB can be used, so give fewer or smaller images."
            )
    return images


def _read(file: Path) -> Pixels:
    """(height, width, channels): one channel for a grey image, three for any other."""
    try:
        from PIL import Image
    except ImportError as error:
        raise UserError(f"'{file}' needs Pillow; run pip install 'paretoformer[data]'.") from error
    try:
        with Image.open(file) as image:
            deep = image.mode.startswith("I")  # 16-bit grey, which convert("L") would clip
            grey = deep or image.mode in ("1", "L", "LA")
            pixels = np.asarray(image) >> 8 if deep else np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"'{file}' cannot be read as an image; replace or remove it.") from error
    return np.atleast_3d(pixels.astype(np.uint8))


def _with_equal_channels(images: list[Pixels]) -> list[Pixels]:
    channels = max(image.shape[2] for image in images)
    return [np.repeat(image, channels // image.shape[2], axis=2) for image in images]


def _examples(images: list[Pixels], targets: Tensor, groups: Tensor, items: list[int]) -> Examples:
    """inputs: (B, channels, height, width) from 0 to 1."""
    pixels = torch.from_numpy(np.stack([images[item] for item in items]))
    inputs = pixels.permute(0, 3, 1, 2).float().contiguous() / 255
    return Examples(inputs=inputs, targets=targets[items], groups=groups[items])


def _size(image: Pixels) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"

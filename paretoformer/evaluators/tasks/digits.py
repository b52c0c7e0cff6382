"""Handwritten digits: 1,797 images of 8 x 8."""

import numpy as np
import torch

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key, deal, group_numbers
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, ImageInput, Signature


@register_task("digits")
class Digits(MemoryTask):
    """Which digit an image shows; pixels 0 to 16 are divided by 16."""

    about: About = About(
        title="handwritten digits, 8 x 8 pixels, 10 classes",
        data="scikit-learn's load_digits: 1,797 images of the UCI optical recognition of handwritten digits",
        licence="CC BY 4.0 (UCI), distributed with scikit-learn (BSD-3-Clause)",
        baseline="accuracy 0.974 on validation by logistic regression on the pixels (benchmarks/baselines.py)",
    )
    metrics: tuple[Metric, ...] = (Accuracy(),)
    signature: Signature = Signature(input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10))
    recipe: Recipe = Recipe(batch=32, budget=16_384)

    def __init__(self) -> None:
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        images = pixels.astype(np.uint8)  # (1797, 64)
        keys = [content_key(image.tobytes()) for image in images]
        everything = Examples(
            inputs=torch.from_numpy(images).float().reshape(-1, 1, 8, 8) / 16,
            targets=torch.from_numpy(labels.astype(np.int64)),
            groups=group_numbers(keys),
        )
        dealt = deal(keys, strata=[str(label) for label in labels])
        super().__init__(
            {split: everything.take(torch.tensor(dealt[split])) for split in Split},
            data_hash=content_key(images.tobytes() + labels.astype(np.uint8).tobytes()),
        )

"""Whether people found a short text positive or negative."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from paretoformer.evaluators import packages
from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.ragged_bytes import ragged_bytes
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key, deal, group_numbers, letters_of
from paretoformer.evaluators.symbols import free_zero
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, Signature, TokenInput

LONGEST = 192
"""Bytes that a model sees of a text; 19 in 20 texts are no longer."""
_CLEAR = 0.5  # least distance of a mean rating from neutral, on a scale from -4 to 4
_PACKAGE = "sentiment"


@register_task("sentiment")
class Sentiment(MemoryTask):
    """The sign of the mean rating of a snippet's bytes, where it is at least 0.5 from neutral.

    Snippets that are equal but for capitals, spaces and punctuation stay in one split, and the four sources are spread evenly.
    """

    about: About = About(
        title="positive or negative short texts, by their bytes",
        data="texts that people rated for VADER (vaderSentiment 3.3.2): 19,459 snippets of films, news, tweets and products",
        licence=packages.package(_PACKAGE).licence,
        baseline="accuracy 0.780 on validation by logistic regression on TF-IDF of 1 to 4 characters, 0.778 of 1 to 2 words",
        package=_PACKAGE,
    )
    metrics: tuple[Metric, ...] = (Accuracy(),)
    signature: Signature = Signature(input=TokenInput(vocabulary=256, length=LONGEST), output=ClassOutput(classes=2))
    recipe: Recipe = Recipe(batch=32, budget=16_384)
    classes = ("negative", "positive")

    def __init__(self) -> None:
        sources, ratings, texts = _read(packages.folder(_PACKAGE))
        clear = np.flatnonzero(np.abs(ratings) >= _CLEAR).tolist()
        labels = [int(ratings[item] > 0) for item in clear]
        cut = [texts[item][:LONGEST] for item in clear]
        keys = [letters_of(text.decode("latin-1")) for text in cut]
        dealt = deal(keys, strata=[f"{sources[item]} {label}" for item, label in zip(clear, labels, strict=True)])
        inputs, lengths = ragged_bytes(cut)
        everything = Examples(inputs=inputs, targets=torch.tensor(labels), lengths=lengths, groups=group_numbers(keys))
        super().__init__(
            {split: everything.take(torch.tensor(dealt[split])) for split in Split},
            data_hash=content_key(b"\n".join((*texts, ratings.tobytes(), *(key.encode() for key in keys)))),
        )
        self.symbols = free_zero(texts)


def _read(folder: Path) -> tuple[list[str], npt.NDArray[np.float64], list[bytes]]:
    """Source, mean rating and text of each snippet; some bytes are UTF-8 and some are not, so that they stay bytes."""
    sources, ratings, texts = [], [], []
    for file in sorted(folder.glob("*_GroundTruth.txt")):
        for line in file.read_bytes().split(b"\n"):
            if line.strip():
                _, rating, text = line.split(b"\t")
                sources.append(file.name)
                ratings.append(float(rating))
                texts.append(text.strip())
    return sources, np.array(ratings), texts

"""Emoji and their names: which belongs to which, and writing the name."""

from collections.abc import Sequence

import torch

from paretoformer.evaluators.byte_text import SYMBOLS, VOCABULARY, text_of, written_after
from paretoformer.evaluators.emoji.families import family
from paretoformer.evaluators.emoji.pictures import SIZE, read_pictures
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.metrics.chrf import ChrF
from paretoformer.evaluators.metrics.retrieval import Recall
from paretoformer.evaluators.packages import folder
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key, deal, group_numbers
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ImageInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.contract import Source

_LONGEST = 76
"""Bytes of the longest name."""


@register_task("emoji")
class Emoji(MemoryTask):
    """The English name, byte by byte, beside the picture of an emoji, 32 x 32 in colour.

    An emoji and its variants of skin, sex and hair lie in one split, and so do all flags. A model that compares texts with
    sources is also asked for the picture of each name and the name of each picture, among all of its split.
    """

    about: About = About(
        title="emoji and their English names: retrieval both ways and captions",
        data="3,785 pictures of OpenMoji 17 drawn at 32 x 32, names from the package emoji 2.16",
        licence="CC BY-SA 4.0 (OpenMoji), BSD-3-Clause (emoji)",
        baseline="recall_10_by_text 0.100 on validation by ridge regression from 8 x 8 pixels to runs of "
        "characters of the name, 0.018 by chance",
        papers=(1,),
        package="emoji",
    )
    metrics: tuple[Metric, ...] = (
        *(Recall(by, first) for first in (10, 5, 1) for by in ("text", "source")),
        BitsPerByte(),
        ChrF(),
    )
    signature: Signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=_LONGEST + 1),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=ImageInput(channels=3, height=SIZE, width=SIZE),
    )
    recipe: Recipe = Recipe(criterion="contrastive-caption", batch=64, learning_rate=4e-3, budget=24_576)
    symbols = SYMBOLS

    def __init__(self) -> None:
        pictures = read_pictures(folder("emoji"))
        keys = [family(emoji) for emoji in pictures.emoji]
        images = Source(pictures.images.float() / 255)
        everything = written_after(images, pictures.names, group_numbers(keys))
        dealt = deal(keys)
        super().__init__(
            {split: everything.take(torch.tensor(dealt[split])) for split in Split},
            data_hash=content_key("\n".join((pictures.digest, *keys)).encode()),
        )

    def text(self, ids: Sequence[int]) -> str:
        """The name that ids spell."""
        return text_of(ids)

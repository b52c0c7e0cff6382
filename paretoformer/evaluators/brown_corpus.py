"""The Brown corpus as its package holds it, dealt by documents."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paretoformer.evaluators import packages
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.splits import deal

PACKAGE = "brown"

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Every token as a place in `vocabulary` and in `tagset`, (tokens,) each; of each sentence its length, start and document."""

    words: Numbers
    tags: Numbers
    vocabulary: tuple[str, ...]
    tagset: tuple[str, ...]
    lengths: Numbers
    starts: Numbers
    documents: Numbers


def read_texts() -> list[str]:
    """The 500 documents, a sentence a line.

    Raises:
        UserError: the package is not here.
    """
    return (packages.folder(PACKAGE) / "words.txt").read_text("utf-8").rstrip("\n").split("\n\n")


def read_tokens() -> Tokens:
    """The same in numbers, with tags.

    Raises:
        UserError: the package is not here.
    """
    folder = packages.folder(PACKAGE)
    with np.load(folder / "tokens.npz", allow_pickle=False) as found:
        lengths = found["sentences"].astype(np.int64)
        return Tokens(
            words=found["words"].astype(np.int64),
            tags=found["tags"].astype(np.int64),
            vocabulary=tuple((folder / "vocabulary.txt").read_text("utf-8").splitlines()),
            tagset=tuple((folder / "tagset.txt").read_text("utf-8").splitlines()),
            lengths=lengths,
            starts=np.cumsum(lengths) - lengths,
            documents=np.repeat(np.arange(len(found["documents"])), found["documents"]),
        )


def dealt_documents() -> dict[Split, list[int]]:
    """Documents of each split, with all fifteen kinds of text in each.

    Raises:
        UserError: the package is not here.
    """
    lines = (packages.folder(PACKAGE) / "documents.txt").read_text("utf-8").splitlines()
    named = [line.split("\t") for line in lines]
    return deal([name for name, _ in named], strata=[category for _, category in named])

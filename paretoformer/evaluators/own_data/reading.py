"""Reading the user's files, and the sentences for what is wrong with them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.splits import SHARES
from paretoformer.records.errors import UserError

FEWEST = 20
"""The fewest distinct examples that are worth splitting in three."""


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        UserError: empty, or it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}.") from error
    if not content:
        raise UserError(f"'{path}' is empty; give a file with data in it.")
    return content


def read_text(path: Path) -> str:
    """The content of a UTF-8 file, without a byte-order mark.

    Raises:
        UserError: empty, unreadable, or not UTF-8, naming the first byte that is not.
    """
    content = read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
        offset = content.find(b"\0")
    except UnicodeDecodeError as error:
        text, offset = "", error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
    if offset >= 0:
        raise UserError(
            f"'{path}' is not UTF-8 text: byte 0x{content[offset]:02x} at offset {offset}; "
            "save it as UTF-8, or name a table or a folder of images."
        )
    return text


def check_classes(path: Path | str, labels: Sequence[str], what: str) -> None:
    """Refuse labels that nothing can be learnt from.

    Args:
        path: of the data, for the sentence.
        labels: one for each example.
        what: what one example is, `row` or `image`.
    """
    classes = Counter(labels)
    if len(classes) == 1:
        raise UserError(f"'{path}' has only one class, '{labels[0]}'; classification needs at least two.")
    for name in sorted(classes):
        if classes[name] == 1:
            raise UserError(
                f"Class '{name}' of '{path}' has a single {what}; every class needs at least two, "
                f"and there are {len(classes)} classes."
            )


def class_numbers(classes: Sequence[str], labels: Sequence[str]) -> Tensor:
    """Place of each label among the classes, (n,) long."""
    place = {name: number for number, name in enumerate(classes)}
    return torch.tensor([place[label] for label in labels])


def check_enough(path: Path | str, keys: Sequence[str], dealt: dict[Split, list[int]], what: str) -> None:
    """Refuse too few distinct examples for three splits."""
    distinct = len(set(keys))
    if distinct < FEWEST or not all(dealt[split] for split in SHARES):
        raise UserError(
            f"'{path}' has {len(keys)} {what}s, {distinct} of them distinct; "
            f"training, validation and test need at least {FEWEST} distinct ones, spread over the classes."
        )

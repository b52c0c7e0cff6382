"""Byte-level language modelling on a text file of the user's."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.own_data.reading import read_text
from paretoformer.evaluators.passages import Passage, passages
from paretoformer.evaluators.splits import content_key, deal
from paretoformer.evaluators.symbols import free_zero
from paretoformer.evaluators.task import About
from paretoformer.evaluators.windows import LENGTH, byte_windows
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature, TokenInput, TokenOutput

FEWEST = 20 * (LENGTH + 1)
"""Bytes of the shortest text that is worth splitting in three."""


class Text(MemoryTask):
    """The next byte of a UTF-8 file, in windows of 256.

    Whole passages are dealt to the splits, which keeps neighbouring text together, and those that repeat one another
    by half or more stay in one split, wherever they stand.
    """

    metrics: tuple[Metric, ...] = (BitsPerByte(),)
    signature: Signature = Signature(
        input=TokenInput(vocabulary=256, length=LENGTH), output=TokenOutput(vocabulary=256)
    )
    recipe: Recipe = Recipe(batch=8, budget=4_096)

    def __init__(self, path: Path) -> None:
        content = read_text(path).encode()
        if len(content) < FEWEST:
            raise UserError(
                f"'{path}' has {len(content):,} bytes; training, validation and test need at least {FEWEST:,}."
            )
        parts = passages(content)
        keys = [content_key(parts[part.group].content) for part in parts]
        dealt = deal(keys, sizes=[len(part.content) for part in parts])
        splits = byte_windows({split: _runs(parts, dealt[split]) for split in Split})
        if not all(len(examples) for examples in splits.values()):
            raise UserError(f"'{path}' repeats itself so much that no text is left to validate on; give other text.")
        super().__init__(splits, data_hash=content_key(content))
        self.name, self.path, self.symbols = path.stem, path.resolve(), free_zero([content])
        self.about = About(
            title=f"next byte of {path.name}, windows of {LENGTH} bytes",
            data=f"{path.name}: {len(content):,} bytes in {len(parts)} passages, {len(set(keys))} of them distinct",
            licence="your own data",
            baseline=f"byte frequencies: {self.constant_scores()['bits_per_byte']:.3f} bits/byte on validation",
        )

    @property
    def spec(self) -> dict[str, Any]:
        """The absolute path, and the hash that the text must have."""
        return {"path": str(self.path), "data_hash": self.data_hash}


def _runs(parts: Sequence[Passage], items: Sequence[int]) -> Iterable[list[Passage]]:
    """The passages of one split, those that follow one another in the text together."""
    for _, run in groupby(enumerate(items), lambda pair: pair[1] - pair[0]):
        yield [parts[item] for _, item in run]

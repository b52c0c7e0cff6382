"""Byte-level language modelling on a text file of the user's."""

from pathlib import Path
from typing import Any

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.own_data.reading import read_text
from paretoformer.evaluators.splits import content_key, deal
from paretoformer.evaluators.task import About
from paretoformer.evaluators.windows import LENGTH, byte_windows
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature, TokenInput, TokenOutput

BLOCKS = 20
"""Contiguous parts that a text is cut into; whole ones are dealt to the splits."""


class Text(MemoryTask):
    """The next byte of a UTF-8 file, in windows of 256. Contiguous blocks keep neighbouring text in one split."""

    metrics: tuple[Metric, ...] = (BitsPerByte(),)
    signature: Signature = Signature(
        input=TokenInput(vocabulary=256, length=LENGTH), output=TokenOutput(vocabulary=256)
    )
    recipe: Recipe = Recipe(batch=8, budget=4_096)

    def __init__(self, path: Path) -> None:
        content = read_text(path).encode()
        fewest = BLOCKS * (LENGTH + 1)
        if len(content) < fewest:
            raise UserError(
                f"'{path}' has {len(content):,} bytes; training, validation and test need at least {fewest:,}."
            )
        cuts = [len(content) * block // BLOCKS for block in range(BLOCKS + 1)]
        dealt = deal([str(block) for block in range(BLOCKS)])
        splits = byte_windows(
            {split: [content[cuts[block] : cuts[block + 1]] for block in dealt[split]] for split in Split}
        )
        if not all(len(examples) for examples in splits.values()):
            raise UserError(f"'{path}' repeats itself so much that no text is left to validate on; give other text.")
        super().__init__(splits, data_hash=content_key(content))
        self.name, self.path = path.stem, path.resolve()
        self.about = About(
            title=f"next byte of {path.name}, windows of {LENGTH} bytes",
            data=f"{path.name}: {len(content):,} bytes in {BLOCKS} contiguous blocks",
            licence="your own data",
            baseline=f"byte frequencies: {self.constant_scores()['bits_per_byte']:.3f} bits/byte on validation",
        )

    @property
    def spec(self) -> dict[str, Any]:
        """The absolute path, and the hash that the text must have."""
        return {"path": str(self.path), "data_hash": self.data_hash}

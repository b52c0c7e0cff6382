"""Byte-level language modelling on the prose of Python's own reference."""

from collections import defaultdict

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.passages import Passage
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key, deal
from paretoformer.evaluators.symbols import free_zero
from paretoformer.evaluators.task import About
from paretoformer.evaluators.windows import LENGTH, byte_windows
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature, TokenInput, TokenOutput

_PASSAGE = 60
"""Characters from which on a paragraph that two topics share makes them one group."""


@register_task("python-docs")
class PythonDocs(MemoryTask):
    """The next byte of `pydoc_data.topics`, in windows of 256.

    Whole topics are dealt to the splits, and topics that share a paragraph stay together: `specialnames` alone repeats
    a dozen others. The text belongs to the Python that runs, so `data_hash` differs between Python versions.
    """

    about: About = About(
        title="next byte of Python's reference prose, windows of 256 bytes",
        data="pydoc_data.topics of the running Python, 466 kB in 3.11; differs between Python versions",
        licence="PSF-2.0",
        baseline="2.631 bits/byte on validation by a byte trigram, 4.698 by byte frequencies (benchmarks/baselines.py)",
    )
    metrics: tuple[Metric, ...] = (BitsPerByte(),)
    signature: Signature = Signature(
        input=TokenInput(vocabulary=256, length=LENGTH), output=TokenOutput(vocabulary=256)
    )
    recipe: Recipe = Recipe(batch=8, budget=4_096)

    def __init__(self) -> None:
        from pydoc_data.topics import topics

        names = sorted(topics)
        texts = [topics[name].encode() for name in names]
        keys = _shared_passages([topics[name] for name in names])
        dealt = deal(keys, sizes=[len(text) for text in texts])
        parts = [Passage(content=text + b"\n\n", group=int(key)) for text, key in zip(texts, keys, strict=True)]
        super().__init__(
            byte_windows({split: [[parts[item] for item in dealt[split]]] for split in Split}),
            data_hash=content_key(b"\n\n".join(texts)),
        )
        self.symbols = free_zero(texts)


def _shared_passages(texts: list[str]) -> list[str]:
    """A key for each text; texts linked by a common paragraph of `_PASSAGE` characters or more have the same one."""
    leader = list(range(len(texts)))

    def find(item: int) -> int:
        while leader[item] != item:
            item = leader[item]
        return item

    owners: dict[str, list[int]] = defaultdict(list)
    for item, text in enumerate(texts):
        for paragraph in text.split("\n\n"):
            plain = " ".join(paragraph.split())
            if len(plain) >= _PASSAGE:
                owners[plain].append(item)
    for items in owners.values():
        first = find(items[0])
        for item in items[1:]:
            other = find(item)
            leader[max(first, other)] = first = min(first, other)
    return [str(find(item)) for item in range(len(texts))]

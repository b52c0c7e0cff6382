"""A task made of a problem with instances of every size."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.length_tasks.dealing import deal_instances
from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad
from paretoformer.evaluators.length_tasks.text_form import END, PADDING, TextForm
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.exact_match import ExactMatch
from paretoformer.evaluators.metrics.written_match import WrittenMatch
from paretoformer.evaluators.splits import content_key
from paretoformer.records.errors import UserError


@dataclass(frozen=True, kw_only=True)
class LengthOptions:
    """The greatest size that is trained; validation and test go to twice that."""

    longest: int = 8


@dataclass(frozen=True, kw_only=True)
class StepOptions(LengthOptions):
    """Also what a scratchpad shows of each step before the answer: none, full, minimal, or letters of the parts i, c, o, v, r."""

    scratchpad: str = "none"

    def __post_init__(self) -> None:
        Scratchpad.named(self.scratchpad)


class LengthTask(MemoryTask):
    """Prompt and answer in one sequence, trained on sizes up to `longest` and scored on those and on greater ones apart."""

    metrics: tuple[ExactMatch | WrittenMatch, ...]
    training: ClassVar[int] = 8_000
    """Training examples, alike for each size as far as there are so many."""

    def __init__(self, form: TextForm) -> None:
        least, most = form.problem.smallest, form.problem.largest // 2
        if not least <= form.longest <= most:
            raise UserError(f"The longest trained size is {form.longest}; it must be from {least} to {most}.")
        self.form, self.signature, self.metrics, self.symbols = form, form.signature, form.metrics, form.symbols
        dealt = deal_instances(form.problem, form.longest, self.training)
        self.instances = {split: tuple(dealt[split]) for split in Split}
        texts = (f"{each.prompt}\n{form.continuation(each)}" for split in Split for each in dealt[split])
        super().__init__(
            {split: form.examples(dealt[split]) for split in Split},
            data_hash=content_key("\n".join((*form.words, *texts)).encode()),
        )

    def constant_scores(self) -> dict[str, float]:
        """Validation scores of training's most frequent answer, given to everything."""
        given = Counter(each.answer for each in self.instances[Split.TRAIN]).most_common(1)[0][0]
        right = torch.tensor([each.answer == given for each in self.instances[Split.VALIDATION]])
        examples = self.examples(Split.VALIDATION)
        return {metric.name: metric.score(metric.parts_of(right, examples)).value for metric in self.metrics}

    def text(self, ids: Sequence[int]) -> str:
        """The words of the ids; symbols and negative ids are left out."""
        return " ".join(self.form.words[token] for token in ids if token not in (PADDING, END) and token >= 0)

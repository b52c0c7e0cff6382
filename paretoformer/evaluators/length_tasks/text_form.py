"""How a problem becomes sequences of tokens, and how answers are scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.length_tasks.instance import Instance
from paretoformer.evaluators.length_tasks.problem import Problem
from paretoformer.evaluators.length_tasks.scratchpad import MARKER, WORDS, Scratchpad
from paretoformer.evaluators.metrics.exact_match import ExactMatch
from paretoformer.evaluators.metrics.written_match import WrittenMatch
from paretoformer.evaluators.symbols import Symbols
from paretoformer.records.signature import Signature, TokenInput, TokenOutput

PADDING, END = 0, 1
_SYMBOLS = ("<padding>", "<end>")


@dataclass(frozen=True)
class TextForm:
    """Prompt and answer in one sequence, a word a token; the answer and the end after it are asked, the prompt is not.

    Sizes up to `longest` are trained, and those from there to twice it are `beyond`.
    """

    problem: Problem
    longest: int
    scratchpad: Scratchpad | None = None

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The vocabulary, symbols first."""
        added = WORDS if self.scratchpad else ()
        return (*_SYMBOLS, *dict.fromkeys((*self.problem.words, *added)))

    @property
    def symbols(self) -> Symbols:
        """The first word of all prompts serves as the begin symbol."""
        return Symbols(begin=len(_SYMBOLS), end=END, padding=PADDING)

    @property
    def signature(self) -> Signature:
        """Long enough for twice the longest size that is trained, with its scratchpad."""
        text = self.problem.longest(2 * self.longest)
        length = len(text.prompt.split()) + len(self.continuation(text).split())
        words = len(self.words)
        return Signature(input=TokenInput(vocabulary=words, length=length), output=TokenOutput(vocabulary=words))

    @property
    def metrics(self) -> tuple[ExactMatch | WrittenMatch, ...]:
        """Exact match of the trained sizes, of those beyond with each size counting alike, and of each size."""
        trained = self.problem.sizes(0, self.longest)
        beyond = self.problem.sizes(self.longest + 1, 2 * self.longest)
        return (
            self._match("exact-match", trained),
            self._match("beyond", beyond),
            *(self._match(f"exact-match[{size}]", (size,)) for size in (*trained, *beyond)),
        )

    def _match(self, name: str, sizes: tuple[int, ...]) -> ExactMatch | WrittenMatch:
        alike = name == "beyond"
        if self.scratchpad:
            return WrittenMatch(name, sizes, alike=alike, marker=self.words.index(MARKER))
        return ExactMatch(name, sizes, alike=alike)

    def continuation(self, instance: Instance) -> str:
        """What a model is to write after the prompt."""
        return self.scratchpad.render(instance.steps, instance.answer) if self.scratchpad else instance.answer

    def examples(self, instances: Sequence[Instance]) -> Examples:
        """Inputs and targets (n, length), the length being the signature's."""
        number = {word: place for place, word in enumerate(self.words)}
        prompts = [[number[word] for word in instance.prompt.split()] for instance in instances]
        answers = [[number[word] for word in self.continuation(instance).split()] for instance in instances]
        pairs = list(zip(prompts, answers, strict=True))
        length = self.signature.input.length  # type: ignore[union-attr]  # it is a sequence
        return Examples(
            inputs=_table([prompt + answer for prompt, answer in pairs], length, PADDING),
            targets=_table(
                [[IGNORED] * (len(prompt) - 1) + answer + [END] for prompt, answer in pairs], length, IGNORED
            ),
            lengths=torch.tensor([len(prompt) + len(answer) for prompt, answer in pairs]),
            sizes=torch.tensor([instance.size for instance in instances]),
        )


def _table(rows: Sequence[list[int]], length: int, filling: int) -> Tensor:
    """(n, length) long."""
    table = np.full((len(rows), length), filling)
    ends = np.array([len(row) for row in rows])
    table[np.arange(length) < ends[:, None]] = np.fromiter(chain.from_iterable(rows), np.int64, ends.sum())
    return torch.from_numpy(table)

"""Question, trace and answer as one sequence of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.trace_accuracy import TraceAccuracy
from paretoformer.evaluators.metrics.written_match import WrittenMatch
from paretoformer.evaluators.symbols import Symbols
from paretoformer.evaluators.traced.budget import Budget, within

PADDING, END, BEGIN, SEPARATOR, ANSWER, FILLER = range(6)
FIRST = 6
"""The first token that a problem may use as its own."""

SYMBOLS = Symbols(begin=BEGIN, end=END, padding=PADDING)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One problem: what is given, one token for each step to the answer, the long trace, and the answer; sizes by the task."""

    given: tuple[int, ...]
    steps: tuple[int, ...]
    long: tuple[int, ...]
    answer: int


@dataclass(frozen=True, kw_only=True)
class TracedForm:
    """BEGIN given SEPARATOR trace ANSWER answer END; trace and what follows is asked.

    With `filler` every token of the trace is replaced by one that says nothing, so that room to compute is told apart from what
    the trace says. Source: paper 08, and its platform notes.
    """

    budget: Budget
    filler: bool
    length: int

    def examples(self, questions: Sequence[Question], size: int) -> Examples:
        """Inputs and targets (n, length)."""
        prompts, answers = [], []
        for question in questions:
            trace = within(self.budget, question.steps, question.long, size)
            shown = [FILLER] * len(trace) if self.filler else trace
            prompts.append([BEGIN, *question.given, SEPARATOR])
            answers.append([*shown, ANSWER, question.answer])
        pairs = list(zip(prompts, answers, strict=True))
        return Examples(
            inputs=self._table([prompt + answer for prompt, answer in pairs], PADDING),
            targets=self._table([[IGNORED] * (len(prompt) - 1) + answer + [END] for prompt, answer in pairs], IGNORED),
            lengths=torch.tensor([len(prompt) + len(answer) for prompt, answer in pairs]),
        )

    def _table(self, rows: Sequence[list[int]], filling: int) -> Tensor:
        table = np.full((len(rows), self.length), filling)
        for place, row in enumerate(rows):
            table[place, : len(row)] = row
        return torch.from_numpy(table)

    def metrics(self, trained: int, beyond: Sequence[int]) -> tuple[Metric, ...]:
        """The share of right answers after the model's own trace, at the trained size and at each beyond it, and of right tokens in
        that trace.
        """
        sized = [self._match("accuracy", trained)] + [self._match(f"accuracy[{size}]", size) for size in beyond]
        if self.budget == "none" or self.filler:
            return tuple(sized)
        return (*sized, TraceAccuracy(marker=ANSWER, sizes=(trained,)))

    @staticmethod
    def _match(name: str, size: int) -> Metric:
        return WrittenMatch(name, (size,), alike=False, marker=ANSWER)

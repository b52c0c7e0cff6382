"""The state that an automaton is in after a word."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from paretoformer.evaluators.drawn.limits import check_range, check_space
from paretoformer.evaluators.drawn.task import NEEDED, DrawnTask
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.evaluators.traced.budget import Budget, logarithmic
from paretoformer.evaluators.traced.form import FIRST, SYMBOLS, Question, TracedForm
from paretoformer.evaluators.traced.machines import Table, counter_table, group_table, random_table, runs
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature, TokenInput, TokenOutput


@dataclass(frozen=True, kw_only=True)
class AutomataOptions:
    """Which automaton, the length of the words that are trained, and how much is written before the answer.

    Attributes:
        machine: the word problem of all permutations of 3 or 5 things or of the even ones of 5, all elements being symbols; a
            counter of ones; or an automaton that is drawn.
        length: of trained words.
        budget: none, ceil(log2 n) states, the n states, or all states of every prefix, n (n + 1) / 2.
        filler: whether tokens that say nothing stand for the trace.
        modulus: of the counter.
        states: of the automaton that is drawn.
        symbols: its alphabet.
        drawn: the seed that it is drawn from.
    """

    machine: Literal["s3", "a5", "s5", "counter", "dfa"] = "s3"
    length: int = 12
    budget: Budget = "linear"
    filler: bool = False
    modulus: int = 3
    states: int = 5
    symbols: int = 3
    drawn: int = 0

    def __post_init__(self) -> None:
        check_range("length", self.length, 2, 64)
        check_range("modulus", self.modulus, 2, 64)
        check_range("number of states", self.states, 2, 8)
        check_range("number of symbols", self.symbols, 2, 16)
        check_range("seed of the automaton", self.drawn, 0, 2**31)
        check_space(self.table.shape[1] ** self.length, NEEDED, "the length")

    @property
    def table(self) -> Table:
        """The automaton's transitions."""
        match self.machine:
            case "s3":
                return group_table(3)
            case "a5":
                return group_table(5, even=True)
            case "s5":
                return group_table(5)
            case "counter":
                return counter_table(self.modulus)
            case "dfa":
                return random_table(self.states, self.symbols, self.drawn)

    @property
    def beyond(self) -> tuple[int, int]:
        """Lengths that are scored without having been trained: 1.5 and 2 times."""
        return (3 * self.length // 2, 2 * self.length)

    @property
    def form(self) -> TracedForm:
        """As long as the longest word takes."""
        n = self.beyond[-1]
        trace = {"none": 0, "log": logarithmic(n), "linear": n, "quadratic": n * (n + 1) // 2}[self.budget]
        return TracedForm(budget=self.budget, filler=self.filler, length=n + trace + 4)


def _signature(options: AutomataOptions, table: Table) -> Signature:
    vocabulary = FIRST + table.shape[1] + table.shape[0]
    return Signature(
        input=TokenInput(vocabulary=vocabulary, length=options.form.length), output=TokenOutput(vocabulary=vocabulary)
    )


_DEFAULT = AutomataOptions()


@register_task("automata")
class Automata(DrawnTask):
    """A word, the states on the way as far as the budget allows, and the last state.

    S5 and A5 are complete for NC1: without a trace no fixed depth is believed to do for every length, and trained directly even S3
    is hard; the default writes the linear trace, which a small model learns. Sizes are lengths. Source: paper 08.
    """

    Options = AutomataOptions
    about: About = About(
        title="the product of 12 permutations of 3 things, after the products on the way",
        data="generated",
        licence="none: generated",
        baseline="accuracy 0.163 on validation by logistic regression on the word, 0.148 by constant; 1 by following the table",
        papers=(8,),
    )
    metrics: tuple[Metric, ...] = _DEFAULT.form.metrics(_DEFAULT.length, _DEFAULT.beyond)
    signature: Signature = _signature(_DEFAULT, _DEFAULT.table)
    symbols = SYMBOLS
    recipe: Recipe = Recipe(budget=32_768)

    def __init__(self, options: AutomataOptions = _DEFAULT) -> None:
        self.options, self.table = options, options.table
        self.signature = _signature(options, self.table)
        self.metrics = options.form.metrics(options.length, options.beyond)
        super().__init__(self._draw, (options.length,), options.beyond)

    def _draw(self, rng: np.random.Generator, size: int, count: int) -> Examples:
        words = rng.integers(0, self.table.shape[1], (count, size))
        symbols, states = words + FIRST, runs(self.table, words) + FIRST + self.table.shape[1]
        questions = [self._question(*pair) for pair in zip(symbols.tolist(), states.tolist(), strict=True)]
        return self.options.form.examples(questions, size)

    def _question(self, word: list[int], states: list[int]) -> Question:
        long = [state for last in range(1, len(states) + 1) for state in states[:last]]
        wanted = self.options.budget == "quadratic"
        return Question(given=tuple(word), steps=tuple(states), long=tuple(long) if wanted else (), answer=states[-1])

"""A number that is said once in real prose."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.drawn.task import DrawnTask
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.recall.filler import PADDING, STOP, Filler, vocabulary_size
from paretoformer.evaluators.recall.form import answer_metrics, asked, question_signature, trained_lengths
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.symbols import Symbols
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature

_FACT = ("the", "pass", "key", "is")
_QUESTION = ("what", "is", "the", "pass", "key", "?")
_DIGITS = tuple("0123456789")
_WORDS = (*_FACT, *_QUESTION, *_DIGITS)


@dataclass(frozen=True, kw_only=True)
class NeedleOptions:
    """Tokens of the longest context that is trained, the pass key among them, and how many digits it has."""

    context: int = 48
    digits: int = 3

    def __post_init__(self) -> None:
        check_range("number of digits", self.digits, 1, 16)
        check_range("context", self.context, 2 * (self.digits + len(_FACT) + 2), 4_096)


@lru_cache(maxsize=1)
def _filler() -> Filler:
    return Filler(_WORDS)


def _signature(options: NeedleOptions) -> Signature:
    return question_signature(vocabulary_size(_WORDS), options.context, len(_QUESTION), options.digits)


_DEFAULT = NeedleOptions()


@register_task("needle")
class Needle(DrawnTask):
    """`... the pass key is 4 0 7 . ...` between sentences of `pydoc_data.topics`, then `what is the pass key ?` and its digits.

    Words are tokens, rarer ones than 250 share one. Half the context and all of it are trained, twice it is scored too. The prose
    belongs to the Python that runs, and may be the same around two keys. Sizes are lengths of contexts.
    Source: paper 19, pass-key retrieval.
    """

    Options = NeedleOptions
    about: About = About(
        title="three digits said once in 24 or 48 words of Python's reference",
        data="generated, in words of pydoc_data.topics of the running Python",
        licence="PSF-2.0 (the words between)",
        baseline="accuracy 0.099 on validation by constant, 0.406 by the first digit for all; 1 by reading on after the words",
        papers=(19,),
    )
    metrics: tuple[Metric, ...] = answer_metrics(_DEFAULT.context)
    signature: Signature = _signature(_DEFAULT)
    symbols = Symbols(padding=PADDING)
    recipe: Recipe = Recipe(budget=32_768)

    def __init__(self, options: NeedleOptions = _DEFAULT) -> None:
        self.options, self.filler = options, _filler()
        self.signature = _signature(options)
        self.metrics = answer_metrics(options.context)
        super().__init__(self._draw, trained_lengths(options.context), (2 * options.context,))

    def _draw(self, rng: np.random.Generator, size: int, count: int) -> Examples:
        first = self.filler.numbers(_DIGITS)[0]
        keys = (rng.integers(0, len(_DIGITS), (count, self.options.digits)) + first).tolist()
        fact, question, stop = (self.filler.numbers(words) for words in (_FACT, _QUESTION, (STOP,)))
        rows = [(self.filler.hide(rng, [[*fact, *key, *stop]], size) + question, key) for key in keys]
        return asked(rows, self.signature.input.length)  # type: ignore[union-attr]  # it is a sequence

    def text(self, ids: Sequence[int]) -> str:
        """The words of the ids; padding and negative ids are left out."""
        return " ".join(self.filler.words[token] for token in ids if token > PADDING)

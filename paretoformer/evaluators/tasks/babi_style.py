"""Where someone or something is, by facts that stand in real prose."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from paretoformer.evaluators.drawn.limits import check_range
from paretoformer.evaluators.drawn.task import DrawnTask
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.recall.filler import PADDING, STOP, Filler, vocabulary_size
from paretoformer.evaluators.recall.form import asked, length_metrics, question_signature, trained_lengths
from paretoformer.evaluators.recall.stories import LONGEST_FACT, WORDS, draw_story, question_words
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.symbols import Symbols
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class StoryOptions:
    """Which of the tasks, how many facts, and tokens of the longest context that is trained.

    Attributes:
        task: 1 asks where a person is, 2 where a thing is, 3 where a thing was before.
        facts: in each context; at least 4 for the tasks with things.
        context: tokens, facts among them.
    """

    task: Literal[1, 2, 3] = 1
    facts: int = 4
    context: int = 64

    def __post_init__(self) -> None:
        check_range("number of facts", self.facts, 2 if self.task == 1 else 4, 64)
        check_range("context", self.context, 2 * LONGEST_FACT * self.facts, 4_096)


@lru_cache(maxsize=1)
def _filler() -> Filler:
    return Filler(WORDS)


def _signature(options: StoryOptions) -> Signature:
    return question_signature(vocabulary_size(WORDS), options.context, question_words(options.task), 1)


_DEFAULT = StoryOptions()


@register_task("babi-style")
class BabiStyle(DrawnTask):
    """`... mary went to the garden . ... where is mary ?` -> garden, between sentences of `pydoc_data.topics`.

    Words are tokens, rarer ones than 250 share one. Half the context and all of it are trained, twice it is scored too. The prose
    belongs to the Python that runs, and may be the same around two stories. Sizes are lengths of contexts.
    Source: paper 19, BABILong; the facts after Weston et al. 2015.
    """

    Options = StoryOptions
    about: About = About(
        title="in which of 6 rooms a person is, by 4 facts in 32 or 64 words of Python's reference",
        data="generated, in words of pydoc_data.topics of the running Python",
        licence="PSF-2.0 (the words between)",
        baseline="accuracy 0.492 on validation by the last room that is named, 0.18 by constant",
        papers=(19,),
    )
    metrics: tuple[Metric, ...] = length_metrics(_DEFAULT.context)
    signature: Signature = _signature(_DEFAULT)
    symbols = Symbols(padding=PADDING)
    recipe: Recipe = Recipe(budget=49_152)

    def __init__(self, options: StoryOptions = _DEFAULT) -> None:
        self.options, self.filler = options, _filler()
        self.signature = _signature(options)
        self.metrics = length_metrics(options.context)
        super().__init__(self._draw, trained_lengths(options.context), (2 * options.context,))

    def _draw(self, rng: np.random.Generator, size: int, count: int) -> Examples:
        rows = []
        for _ in range(count):
            story = draw_story(rng, self.options.task, self.options.facts)
            facts = [self.filler.numbers((*fact, STOP)) for fact in story.facts]
            prompt = self.filler.hide(rng, facts, size) + self.filler.numbers(story.question)
            rows.append((prompt, self.filler.numbers((story.answer,))))
        return asked(rows, self.signature.input.length)  # type: ignore[union-attr]  # it is a sequence

    def text(self, ids: Sequence[int]) -> str:
        """The words of the ids; padding and negative ids are left out."""
        return " ".join(self.filler.words[token] for token in ids if token > PADDING)

"""Writing a sequence from its end."""

from dataclasses import dataclass
from typing import Literal

from paretoformer.evaluators.length_tasks.copying import Sequences, backwards, check_symbols, same
from paretoformer.evaluators.length_tasks.problem import Problem
from paretoformer.evaluators.length_tasks.task import LengthOptions, LengthTask
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class ReverseOptions(LengthOptions):
    """What is written of n random symbols: their reverse once (mc), twice (mc2x), or before the symbols as they were (mcrv).
    `symbols` is how many there are.
    """

    variant: Literal["mc", "mc2x", "mcrv"] = "mc"
    symbols: int = 100

    def __post_init__(self) -> None:
        check_symbols(self.symbols)

    @property
    def problem(self) -> Problem:
        """What draws the instances."""
        second = {"mc": (), "mc2x": (backwards,), "mcrv": (same,)}[self.variant]
        return Sequences("Reverse:", self.symbols, (backwards, *second))


_DEFAULT = ReverseOptions()
_FORM = TextForm(_DEFAULT.problem, _DEFAULT.longest)


@register_task("reverse")
class ReverseTask(LengthTask):
    """`Reverse: s3 s1 s4 [SEP]` -> `s4 s1 s3`"""

    Options = ReverseOptions
    about: About = About(
        title="n symbols in reverse; sizes are n",
        data="generated with a fixed seed: 2 to 8 of 100 symbols; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.000 on trained and 0.000 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.000 and 0.000 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: ReverseOptions = _DEFAULT) -> None:
        super().__init__(TextForm(options.problem, options.longest))

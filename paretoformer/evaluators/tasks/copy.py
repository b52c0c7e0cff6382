"""Copying a sequence, or one symbol as often as it stands there."""

from dataclasses import dataclass
from typing import Literal

from paretoformer.evaluators.length_tasks.copying import Repeating, Sequences, check_symbols, same
from paretoformer.evaluators.length_tasks.problem import Problem
from paretoformer.evaluators.length_tasks.task import LengthOptions, LengthTask
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class CopyOptions(LengthOptions):
    """What is written of the input: rsc and rsc2x repeat one symbol n and 2 n times, rdc writes another one n times, cmc copies n
    random symbols once and cmc2x twice. `symbols` is how many there are.
    """

    variant: Literal["rsc", "rsc2x", "rdc", "cmc", "cmc2x"] = "rsc"
    symbols: int = 100
    longest: int = 12

    def __post_init__(self) -> None:
        check_symbols(self.symbols)

    @property
    def problem(self) -> Problem:
        """What draws the instances."""
        if self.variant in ("cmc", "cmc2x"):
            return Sequences("Copy:", self.symbols, (same,) if self.variant == "cmc" else (same, same))
        return Repeating(self.variant, self.symbols)


_DEFAULT = CopyOptions()
_FORM = TextForm(_DEFAULT.problem, _DEFAULT.longest)


@register_task("copy")
class CopyTask(LengthTask):
    """`Copy: s3 s3 s3 [SEP]` -> `s3 s3 s3`"""

    Options = CopyOptions
    about: About = About(
        title="copying n symbols; sizes are n",
        data="generated with a fixed seed: 770 for training, 2 to 12 of 100 symbols; greater sizes to twice that are scored apart",
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
    recipe: Recipe = Recipe(budget=32_768)

    def __init__(self, options: CopyOptions = _DEFAULT) -> None:
        super().__init__(TextForm(options.problem, options.longest))

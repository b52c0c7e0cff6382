"""Sorting a list."""

from dataclasses import dataclass
from typing import Literal

from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad
from paretoformer.evaluators.length_tasks.sorting import Sorting
from paretoformer.evaluators.length_tasks.task import LengthTask, StepOptions
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class SortingOptions(StepOptions):
    """What is sorted: symbols of an alphabet of 50 in their fixed order (single), or numbers from 10 to 9999 (multi)."""

    variant: Literal["single", "multi"] = "single"


_DEFAULT = SortingOptions()
_FORM = TextForm(Sorting(_DEFAULT.variant), _DEFAULT.longest)


@register_task("sorting")
class SortingTask(LengthTask):
    """`Sort the following list [ c , a ] .` -> `The sorted list is [ a , c ] .`"""

    Options = SortingOptions
    about: About = About(
        title="n symbols or numbers in order; sizes are n",
        data="generated with a fixed seed: lists of 2 to 8; greater sizes to twice that are scored apart",
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

    def __init__(self, options: SortingOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Sorting(options.variant), options.longest, Scratchpad.named(options.scratchpad)))

"""Adding many digits modulo 10."""

from dataclasses import dataclass

from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad
from paretoformer.evaluators.length_tasks.summation import Summation
from paretoformer.evaluators.length_tasks.task import LengthTask, StepOptions
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class SummationOptions(StepOptions):
    """The greatest size that is trained, and what a scratchpad shows of each step."""

    longest: int = 4


_DEFAULT = SummationOptions()
_FORM = TextForm(Summation(), _DEFAULT.longest)


@register_task("summation")
class SummationTask(LengthTask):
    """`Compute: 3 + 9 + 4 .` -> `The answer is 6 .`"""

    Options = SummationOptions
    about: About = About(
        title="the sum of n digits modulo 10; sizes are n",
        data="generated",
        licence="none: generated",
        baseline="exact match 0 by constant",
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: SummationOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Summation(), options.longest, Scratchpad.named(options.scratchpad)))

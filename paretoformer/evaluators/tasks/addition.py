"""Adding two numbers of up to so many digits."""

from dataclasses import dataclass

from paretoformer.evaluators.length_tasks.addition import Addition
from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad
from paretoformer.evaluators.length_tasks.task import LengthTask, StepOptions
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class AdditionOptions(StepOptions):
    """The greatest size that is trained, and what a scratchpad shows of each step."""

    longest: int = 4


_DEFAULT = AdditionOptions()
_FORM = TextForm(Addition(), _DEFAULT.longest)


@register_task("addition")
class AdditionTask(LengthTask):
    """`Compute 1 2 + 3 4 ?` -> `The answer is 4 6 .`"""

    Options = AdditionOptions
    about: About = About(
        title="the sum of two numbers, digit by digit; sizes are digits",
        data="generated with a fixed seed: numbers of 1 to 4 digits; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.007 on trained and 0.000 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.022 and 0.000 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: AdditionOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Addition(), options.longest, Scratchpad.named(options.scratchpad)))

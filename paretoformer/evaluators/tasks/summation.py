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
        data="generated with a fixed seed: 2 to 4 digits; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.185 on trained and 0.069 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.109 and 0.113 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(learning_rate=4e-3, budget=196_608)

    def __init__(self, options: SummationOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Summation(), options.longest, Scratchpad.named(options.scratchpad)))

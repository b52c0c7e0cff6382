"""Following a chain of signs."""

from dataclasses import dataclass

from paretoformer.evaluators.length_tasks.lego import Lego
from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad
from paretoformer.evaluators.length_tasks.task import LengthTask, StepOptions
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class LegoOptions(StepOptions):
    """The greatest size that is trained, and what a scratchpad shows of each step."""

    longest: int = 8


_DEFAULT = LegoOptions()
_FORM = TextForm(Lego(), _DEFAULT.longest)


@register_task("lego")
class LegoTask(LengthTask):
    """`If a = -1 , b = - a . Then what is the value of b ?` -> `+1`"""

    Options = LegoOptions
    about: About = About(
        title="the value at the end of a chain of signs; sizes are variables",
        data="generated with a fixed seed: 2 to 8 variables; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.579 on trained and 0.500 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.489 and 0.463 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(learning_rate=4e-3, budget=65_536)

    def __init__(self, options: LegoOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Lego(), options.longest, Scratchpad.named(options.scratchpad)))

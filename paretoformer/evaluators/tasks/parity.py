"""Whether the ones in a sequence are even in number."""

from dataclasses import dataclass

from paretoformer.evaluators.length_tasks.parity import Parity
from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad
from paretoformer.evaluators.length_tasks.task import LengthTask, StepOptions
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class ParityOptions(StepOptions):
    """The greatest size that is trained, and what a scratchpad shows of each step."""

    longest: int = 8


_DEFAULT = ParityOptions()
_FORM = TextForm(Parity(), _DEFAULT.longest)


@register_task("parity")
class ParityTask(LengthTask):
    """`Is the number of 1's even in the sequence [ 1 0 1 ] ?` -> `The answer is Yes .`"""

    Options = ParityOptions
    about: About = About(
        title="whether n bits have an even number of ones; sizes are n",
        data="generated with a fixed seed: 5 to 8 bits; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.861 on trained and 0.470 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.569 and 0.532 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: ParityOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Parity(), options.longest, Scratchpad.named(options.scratchpad)))

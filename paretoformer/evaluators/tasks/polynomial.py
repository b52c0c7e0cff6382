"""Evaluating a polynomial modulo 10."""

from dataclasses import dataclass

from paretoformer.evaluators.length_tasks.polynomial import Polynomial
from paretoformer.evaluators.length_tasks.scratchpad import Scratchpad
from paretoformer.evaluators.length_tasks.task import LengthTask, StepOptions
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class PolynomialOptions(StepOptions):
    """The greatest size that is trained, and what a scratchpad shows of each step."""

    longest: int = 4


_DEFAULT = PolynomialOptions()
_FORM = TextForm(Polynomial(), _DEFAULT.longest)


@register_task("polynomial")
class PolynomialTask(LengthTask):
    """`Evaluate at x = - 2 in 3 * x ** 2 + 1 * x ** 0 ?` -> `The answer is 3 .`"""

    Options = PolynomialOptions
    about: About = About(
        title="the value of a polynomial modulo 10; sizes are terms",
        data="generated with a fixed seed: 1 to 4 terms of degree up to 3; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.213 on trained and 0.181 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.184 and 0.131 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: PolynomialOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Polynomial(), options.longest, Scratchpad.named(options.scratchpad)))

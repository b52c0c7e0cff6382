"""PCFG SET: nested functions of strings."""

from dataclasses import dataclass

from paretoformer.evaluators.length_tasks.pcfg_language import Pcfg
from paretoformer.evaluators.length_tasks.task import LengthOptions, LengthTask
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class PcfgOptions(LengthOptions):
    """The greatest size that is trained."""

    longest: int = 3


_DEFAULT = PcfgOptions()
_FORM = TextForm(Pcfg(), _DEFAULT.longest)


@register_task("pcfg")
class PcfgTask(LengthTask):
    """`Solve: append swap A B , C D` -> `B A C D`"""

    Options = PcfgOptions
    about: About = About(
        title="nested functions of strings as in PCFG SET; sizes are functions",
        data="generated with a fixed seed: 1 to 3 functions of strings of 2 to 3 symbols; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.033 on trained and 0.008 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.000 and 0.000 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(budget=131_072, learning_rate=4e-3)

    def __init__(self, options: PcfgOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Pcfg(), options.longest))

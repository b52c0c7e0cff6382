"""SCAN: commands in words to sequences of actions."""

from dataclasses import dataclass

from paretoformer.evaluators.length_tasks.scan_language import Scan
from paretoformer.evaluators.length_tasks.task import LengthOptions, LengthTask
from paretoformer.evaluators.length_tasks.text_form import TextForm
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature


@dataclass(frozen=True, kw_only=True)
class ScanOptions(LengthOptions):
    """The greatest size that is trained."""

    longest: int = 12


_DEFAULT = ScanOptions()
_FORM = TextForm(Scan(), _DEFAULT.longest)


@register_task("scan")
class ScanTask(LengthTask):
    """`Solve: jump left twice` -> `Left Jump Left Jump`"""

    Options = ScanOptions
    about: About = About(
        title="SCAN commands to actions; sizes are actions",
        data="generated: of the grammar's 20,910 commands those of 2 to 12 actions; greater sizes to twice that are scored apart",
        licence="none: generated",
        baseline=(
            "exact match on validation 0.005 on trained and 0.000 on greater sizes by the answer to the nearest training prompt "
            "(tf-idf of words and pairs), 0.002 and 0.000 by the most frequent answer"
        ),
        papers=(6,),
    )
    metrics = _FORM.metrics
    signature: Signature = _FORM.signature
    symbols = _FORM.symbols
    recipe: Recipe = Recipe(budget=65_536)

    def __init__(self, options: ScanOptions = _DEFAULT) -> None:
        super().__init__(TextForm(Scan(), options.longest))

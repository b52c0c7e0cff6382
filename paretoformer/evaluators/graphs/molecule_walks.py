"""Measured molecules as walks over their bonds."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import torch

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.graphs.molecule import Molecule
from paretoformer.evaluators.graphs.smiles import read_smiles
from paretoformer.evaluators.graphs.tokeniser import PADDING, GraphTokeniser
from paretoformer.evaluators.own_data.scaling import Scaling
from paretoformer.evaluators.splits import group_numbers
from paretoformer.records.errors import UserError

KINDS = (
    "C", "CH", "CH2", "CH3", "CH4", "c", "cH", "N", "NH", "NH2", "NH3", "N+", "n", "nH", "O", "OH", "O-", "o",
    "S", "SH", "SH2", "S+2", "s", "P", "F", "Cl", "Br", "I", "Sn",
)  # fmt: skip
"""Atoms that are told apart, with their hydrogens and charges."""

FORM = GraphTokeniser(scope=48, node_kinds=len(KINDS), edge_kinds=4)
"""Name and kind of an atom, bond, name and kind of the next."""

_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A molecule, what was measured of it, and a key that it shares with its copies."""

    molecule: Molecule
    value: float
    key: str


def measured(smiles: str, value: str, where: str) -> Measured:
    """A row of a table.

    Args:
        smiles: the molecule.
        value: the number.
        where: file and line, for errors.

    Raises:
        UserError: the SMILES is none, or of an atom or a size that there is no token for.
    """
    molecule = read_smiles(smiles, where)
    unknown = [atom.kind for atom in molecule.atoms if atom.kind not in _NUMBERS]
    if unknown:
        raise UserError(f"{where}: the atom '{unknown[0]}' in '{smiles}' has no token; atoms: {', '.join(KINDS)}.")
    if len(molecule.atoms) > FORM.scope:
        raise UserError(f"{where}: '{smiles}' has {len(molecule.atoms)} atoms; there are names for {FORM.scope}.")
    return Measured(molecule=molecule, value=float(value), key=molecule.key)


def walked(rows: Sequence[Measured], *, walks: int, scaling: Scaling, seed: int) -> Examples:
    """So many random walks of each molecule, one group a molecule; the numbers asked are scaled."""
    rng = Random(seed)
    graphs = [row.molecule.graph(_NUMBERS) for row in rows]
    tokens = [FORM.encode(graph, rng).tokens for graph in graphs for _ in range(walks)]
    lengths = torch.tensor([len(each) for each in tokens])
    inputs = torch.full((len(tokens), int(lengths.max())), PADDING)
    for place, each in enumerate(tokens):
        inputs[place, : len(each)] = torch.tensor(each)
    values = scaling.scaled(torch.tensor([[row.value] for row in rows], dtype=torch.float64).numpy())
    return Examples(
        inputs=inputs,
        targets=torch.from_numpy(values).repeat_interleave(walks, 0),
        lengths=lengths,
        groups=group_numbers([row.key for row in rows]).repeat_interleave(walks),
    )


def longest(bonds: int) -> int:
    """Tokens of the longest walk over so many bonds of one molecule, each passed over twice."""
    return FORM.count(2 * bonds + 1, 0)

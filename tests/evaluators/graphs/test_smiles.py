from collections import Counter
from random import Random

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.graphs.molecule import Atom, Bond, Molecule
from paretoformer.evaluators.graphs.smiles import read_smiles
from paretoformer.records.errors import UserError

WEIGHTS = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999, "S": 32.06, "Cl": 35.45}


def read(text: str) -> Molecule:
    return read_smiles(text, "file.smi, line 3")


def kinds(text: str) -> list[str]:
    return [atom.kind for atom in read(text).atoms]


def bonds(text: str) -> Counter[str]:
    return Counter(bond.name for bond in read(text).bonds.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C", "CH4"),
        ("CC(=O)O", "CH3 C O OH"),
        ("C#N", "CH N"),
        ("ClC(Cl)Br", "Cl CH Cl Br"),
        ("CS(=O)(=O)C", "CH3 S O O CH3"),
        ("CS(=O)C", "CH3 S O CH3"),
        ("CN(=O)=O", "CH3 N O O"),
        ("C[N+](=O)[O-]", "CH3 N+ O O-"),
        ("[NH4+]", "NH4+"),
        ("[Ca++]", "Ca+2"),
        ("[S+2]", "S+2"),
        ("[13CH4]", "CH4"),
        ("C[C@@H](N)O", "CH3 CH NH2 OH"),
        ("F/C=C\\F", "F CH CH F"),
        ("c1ccccc1C", "cH cH cH cH cH c CH3"),
        ("c1ccncc1", "cH cH cH n cH cH"),
        ("c1cc[nH]c1", "cH cH cH nH cH"),
        ("c1ccn(H)c1", "cH cH cH nH cH"),
        ("c1ccn(C)c1", "cH cH cH n CH3 cH"),
        ("O=c1ccocc1", "O c cH cH o cH cH"),
        ("C([H])([H])O[H]", "CH3 OH"),
        ("[H][H]", "H H"),
    ],
)
def test_atoms_have_the_hydrogens_that_their_bonds_leave_open(text, expected) -> None:
    assert kinds(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "weight"),
    [("CC(=O)Oc1ccccc1C(=O)O", 180.16), ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", 194.19), ("CN1CCCC1c2cccnc2", 162.23)],
)
def test_aspirin_caffeine_and_nicotine_weigh_what_they_do(text, weight) -> None:
    atoms = read(text).atoms
    found = sum(WEIGHTS[atom.symbol.capitalize()] + atom.hydrogens * WEIGHTS["H"] for atom in atoms)
    assert found == pytest.approx(weight, abs=0.02)


def test_a_bond_between_two_aromatic_rings_is_single_and_one_that_joins_them_to_a_ring_is_not() -> None:
    assert bonds("c1ccccc1c1ccccc1") == {"AROMATIC": 12, "SINGLE": 1}
    assert bonds("c1ccc2ccccc2c1") == {"AROMATIC": 11}
    assert bonds("c1ccccc1-c1ccccc1") == bonds("c1ccccc1c1ccccc1")


def test_rings_are_closed_by_one_figure_or_two_and_by_the_bond_that_either_end_names() -> None:
    assert read("C1CC1").key == read("C%12CC%12").key == read("C%01CC1").key
    assert bonds("C=1CC1") == bonds("C1CC=1") == bonds("C=1CC=1") == {"DOUBLE": 1, "SINGLE": 2}


def test_molecules_beside_one_another_are_not_joined() -> None:
    assert read("[Na+].[Cl-]").bonds == {}


def test_the_other_ends_of_branches_are_where_they_began() -> None:
    assert set(read("C(C)(C(F)Cl)O").bonds) == {(0, 1), (0, 2), (2, 3), (2, 4), (0, 5)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no atom"),
        ("CQ", "'Q' is not understood"),
        ("C*C", r"'\*' is not understood"),
        ("[C@TH1]", r"the atom \[C@TH1\] is not understood"),
        ("C1CC", "ring 1 is not closed"),
        ("CC(C", "ends within a branch"),
        ("CC=", "at a bond"),
        ("CC)C", "closes nothing"),
        ("(C)C", "needs an atom"),
        ("1CC1", "needs an atom"),
        ("C=1CC#1", "another bond"),
        ("C11", "one to itself"),
        ("C12CC12", "joined twice"),
        ("FC(F)(F)(F)F", "order 5 in sum, and takes 4"),
    ],
)
def test_what_is_not_understood_is_refused_by_file_and_line(text, reason) -> None:
    with pytest.raises(UserError, match=rf"file.smi, line 3: the SMILES '.*' cannot be read: .*{reason}"):
        read(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="CNOcn[]()=#12%H+-@.", max_size=12))
def test_any_text_is_read_or_refused(text) -> None:
    try:
        molecule = read(text)
    except UserError:
        return
    assert molecule.atoms and all(atom.hydrogens >= 0 for atom in molecule.atoms)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_atoms_does_not_change_the_key_and_another_bond_does(seed) -> None:
    rng = Random(seed)
    tree = networkx.random_labeled_tree(rng.randint(2, 9), seed=seed)
    atoms = [Atom(symbol=rng.choice("CNO")) for _ in tree]
    joined = {tuple(sorted(pair)): rng.choice([Bond.SINGLE, Bond.DOUBLE]) for pair in tree.edges}
    order = rng.sample(range(len(atoms)), len(atoms))
    moved = {tuple(sorted((order.index(u), order.index(v)))): bond for (u, v), bond in joined.items()}
    first = Molecule(atoms=tuple(atoms), bonds=joined)
    assert first.key == Molecule(atoms=tuple(atoms[place] for place in order), bonds=moved).key
    changed = next(iter(joined))
    assert first.key != Molecule(atoms=tuple(atoms), bonds={**joined, changed: Bond.TRIPLE}).key


def test_one_molecule_written_in_two_ways_has_one_key_and_isomers_have_two() -> None:
    assert read("OCC").key == read("CCO").key and read("c1ccccc1Cl").key == read("Clc1ccccc1").key
    assert read("CCCO").key != read("CC(C)O").key

"""Tasks on molecules, read from small packages of our own."""

import networkx
import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.graphs.molecule_walks import FORM, KINDS, longest, measured
from paretoformer.evaluators.graphs.smiles import read_smiles
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.packages import cache, package
from paretoformer.records.errors import UserError

CHAINS = ["C" * n + end for n in range(1, 20) for end in ("O", "N", "F", "Cl", "C=C")]


@pytest.fixture
def put(monkeypatch, tmp_path):
    """The folder of the package, which is here."""
    monkeypatch.setenv("PARETOFORMER_DATA", str(tmp_path))
    folder = cache.place(package("molecules"))
    folder.mkdir(parents=True)
    return folder


def record(smiles: str, value: float, field: str) -> str:
    return f"name\n  made up\n\n  0  0\nM  END\n>  <SOL>  (1) \n{value}\n\n>  <{field}>  (1) \n{smiles}\n\n$$$$\n"


@pytest.fixture
def solubility(put):
    """95 chains of atoms to train on, the first of which is in test, written from its other end."""
    (put / "solubility.train.sdf").write_text("".join(record(s, len(s) / -2, "smiles") for s in CHAINS))
    (put / "solubility.test.sdf").write_bytes(
        (record("OC", -0.5, "SMILES") + record("c1ccccc1", -2.0, "SMILES")).replace("\n", "\r\n").encode()
    )
    return open_task("solubility")


def graphs(task, split: Split) -> list[networkx.Graph]:
    found = []
    examples = task.examples(split)
    for tokens, length in zip(examples.inputs.tolist(), examples.lengths.tolist(), strict=True):
        read, graph = FORM.decode(tokens[:length]), networkx.Graph()
        graph.add_nodes_from((node, {"kind": KINDS[kind]}) for node, kind in enumerate(read.nodes))
        graph.add_edges_from((u, v, {"bond": bond}) for (u, v), bond in read.edges.items())
        found.append(graph)
    return found


def test_the_published_test_split_is_kept_and_its_molecules_are_nowhere_else(solubility) -> None:
    sizes = [len(solubility.examples(split).groups.unique()) for split in Split]
    assert sizes[2] == 2 and sum(sizes) == len(CHAINS) + 1 and sizes[1] >= 10
    values = torch.cat([solubility.examples(split).targets for split in (Split.TRAIN, Split.VALIDATION)])
    assert len(values.unique()) == len({len(smiles) for smiles in CHAINS})  # those of C=C and O share theirs
    methanol = [graph for split in list(Split)[:2] for graph in graphs(solubility, split) if len(graph) == 2]
    assert all({kind for _, kind in graph.nodes(data="kind")} != {"CH3", "OH"} for graph in methanol)


def test_every_walk_says_its_whole_molecule(solubility) -> None:
    (methanol, benzene) = graphs(solubility, Split.TEST)
    assert sorted(kind for _, kind in methanol.nodes(data="kind")) == ["CH3", "OH"]
    assert networkx.is_isomorphic(benzene, networkx.cycle_graph(6))
    assert {bond for *_, bond in benzene.edges(data="bond")} == {3}


def test_training_has_eight_walks_of_a_molecule_that_differ_and_ask_the_same(solubility) -> None:
    train = solubility.examples(Split.TRAIN)
    group = train.groups == train.groups[train.lengths.argmax()]
    assert int(group.sum()) == 8 and len(train.targets[group].unique()) == 1
    assert len({tuple(row) for row in train.inputs[group].tolist()}) > 4
    assert len(solubility.examples(Split.VALIDATION).groups.unique()) == len(solubility.examples(Split.VALIDATION))


def test_errors_are_scored_in_the_unit_of_what_was_measured(solubility) -> None:
    test = solubility.examples(Split.TEST)
    metric, scaling = solubility.metrics[0], solubility.scaling["asked"]
    answer = torch.full((2, 1), (0.0 - scaling.mean[0]) / scaling.deviation[0])
    assert metric.score(metric.parts(answer, test)).value == pytest.approx(((0.5**2 + 2.0**2) / 2) ** 0.5, rel=1e-5)


def test_molecules_that_differ_only_in_space_stay_in_one_split(put) -> None:
    rows = [f"{smiles},{smiles},{-len(smiles)},0" for smiles in (*CHAINS, "C[C@H](F)O", "C[C@@H](F)O")]
    (put / "freesolv.csv").write_text("\n".join(["iupac,smiles,expt,calc", *rows]))
    task = open_task("freesolv")
    assert sum(len(task.examples(split).groups.unique()) for split in Split) == len(rows) - 1


def test_an_atom_without_a_token_is_refused_by_file_and_line(put) -> None:
    (put / "freesolv.csv").write_text("iupac,smiles,expt,calc\nmethane,C,2,2\nsilane,[SiH4],1,1\n")
    with pytest.raises(UserError, match=r"freesolv.csv, line 3: the atom 'SiH4' in .* has no token; atoms: C, CH"):
        open_task("freesolv")


def test_more_atoms_than_names_are_refused() -> None:
    with pytest.raises(UserError, match="line 1: .* has 49 atoms; there are names for 48"):
        measured("C" * 49, "0", "file, line 1")


@pytest.mark.parametrize("name", ["solubility", "freesolv"])
def test_a_task_without_its_data_says_how_to_fetch_it(name, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PARETOFORMER_DATA", str(tmp_path))
    with pytest.raises(UserError, match="fetch it: paretoformer data add molecules"):
        open_task(name)


def test_no_walk_is_longer_than_each_bond_there_and_back() -> None:
    bonds = len(read_smiles("CC(C)(C)CC(C)(C)C", "").bonds)
    assert longest(bonds) == (2 * bonds + 1) * 2 + 2 * bonds + 1

"""Molecules as graphs of atoms without their hydrogens."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from paretoformer.evaluators.graphs.graph import Graph
from paretoformer.evaluators.splits import content_key


class Bond(IntEnum):
    """What joins two atoms; its value is the attribute of the edge."""

    SINGLE = 0
    DOUBLE = 1
    TRIPLE = 2
    AROMATIC = 3

    @property
    def order(self) -> int:
        """Electron pairs, 1 for an aromatic one: its atom counts the other half once."""
        return 1 if self is Bond.AROMATIC else self + 1


@dataclass(frozen=True, kw_only=True)
class Atom:
    """An element as SMILES write it, in small letters where aromatic, with the hydrogens at it."""

    symbol: str
    hydrogens: int = 0
    charge: int = 0

    @property
    def aromatic(self) -> bool:
        """Whether it is part of an aromatic ring."""
        return self.symbol.islower()

    @property
    def kind(self) -> str:
        """All of it in short: `CH3`, `cH`, `N+`, `O-`."""
        hydrogens = f"H{self.hydrogens if self.hydrogens > 1 else ''}" if self.hydrogens else ""
        size = str(abs(self.charge)) if abs(self.charge) > 1 else ""
        return f"{self.symbol}{hydrogens}{'+' if self.charge > 0 else '-' if self.charge < 0 else ''}{size}"


@dataclass(frozen=True, kw_only=True)
class Molecule:
    """Atoms, and what joins those of each pair (u, v), u < v."""

    atoms: tuple[Atom, ...]
    bonds: Mapping[tuple[int, int], Bond]

    def graph(self, kinds: Mapping[str, int]) -> Graph:
        """With the number of each atom's kind as its attribute; KeyError for a kind that has none."""
        return Graph(
            nodes=tuple(kinds[atom.kind] for atom in self.atoms),
            edges={pair: int(bond) for pair, bond in self.bonds.items()},
        )

    @property
    def key(self) -> str:
        """Equal for molecules that differ but in the order of their atoms.

        Colours are refined as often as there are atoms (Weisfeiler and Leman 1968), which takes some that are alike in every
        neighbourhood, as decalin and bicyclopentyl are, for one.
        """
        beside: list[list[tuple[int, int]]] = [[] for _ in self.atoms]
        for (u, v), bond in self.bonds.items():
            beside[u].append((int(bond), v))
            beside[v].append((int(bond), u))
        colours = [atom.kind for atom in self.atoms]
        for _ in self.atoms:
            refined = [
                content_key(repr((colours[place], sorted((bond, colours[end]) for bond, end in ends))).encode())
                for place, ends in enumerate(beside)
            ]
            if len(set(refined)) == len(set(colours)):
                break
            colours = refined
        joined = [(*sorted((colours[u], colours[v])), int(bond)) for (u, v), bond in self.bonds.items()]
        return content_key(repr((sorted(colours), sorted(joined))).encode())

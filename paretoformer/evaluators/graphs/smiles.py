"""Molecules from SMILES."""

import re
from collections.abc import Iterable

from paretoformer.evaluators.graphs.graph import ordered
from paretoformer.evaluators.graphs.molecule import Atom, Bond, Molecule
from paretoformer.records.errors import UserError

_PIECE = re.compile(
    r"(?P<bracket>\[[^\]]*\])|(?P<atom>Cl|Br|[BCNOPSFIHbcnops])|(?P<bond>[-=#:/\\])|(?P<ring>\d|%\d\d)|(?P<sign>[().])"
)
_BRACKET = re.compile(
    r"\[\d*(?P<symbol>[A-Z][a-z]?|[bcnops]|se|as)@{0,2}(?:H(?P<hydrogens>\d*))?(?P<charge>\++\d?|-+\d?)?\]"
)
_BONDS = {"-": Bond.SINGLE, "/": Bond.SINGLE, "\\": Bond.SINGLE, "=": Bond.DOUBLE, "#": Bond.TRIPLE, ":": Bond.AROMATIC}
_VALENCES = {
    "B": (3,), "C": (4,), "N": (3, 5), "O": (2,), "P": (3, 5), "S": (2, 4, 6), "F": (1,), "Cl": (1,), "Br": (1,), "I": (1,),
    "H": (1,),
}  # fmt: skip


def read_smiles(text: str, where: str) -> Molecule:
    """The molecule that a SMILES says.

    Hydrogens belong to the atom that they are at: those that are written, in brackets or as atoms, and those that the
    valences of B, C, N, O, P, S and the halogens leave open. Stereochemistry and isotopes are read and left out. A bond between
    aromatic atoms that is not written is aromatic if it lies in a ring, else single. Source: Weininger 1988; OpenSMILES 1.0.

    Args:
        text: without white space.
        where: file and line, for errors.

    Raises:
        UserError: it is none, or holds what is not understood.
    """
    return _Reading(text, where).molecule()


class _Reading:
    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where
        self._symbols: list[tuple[str, int | None, int]] = []  # symbol, hydrogens if in brackets, charge
        self._bonds: dict[tuple[int, int], Bond | None] = {}
        self._open: dict[str, tuple[int, Bond | None]] = {}
        self._branches: list[int] = []
        self._last: int | None = None
        self._bond: Bond | None = None

    def molecule(self) -> Molecule:
        """All of it."""
        place = 0
        while place < len(self._text):
            piece = _PIECE.match(self._text, place)
            if piece is None:
                raise self._error(f"'{self._text[place]}' is not understood")
            self._take(str(piece.lastgroup), piece.group())
            place = piece.end()
        if self._open:
            raise self._error(f"ring {next(iter(self._open))} is not closed")
        if self._branches or self._bond is not None:
            raise self._error("it ends within a branch or at a bond")
        if not self._symbols:
            raise self._error("it has no atom")
        return self._without_hydrogens()

    def _take(self, kind: str, piece: str) -> None:
        match kind:
            case "bond":
                self._bond = _BONDS[piece]
            case "ring":
                self._close_or_open(piece)
            case "sign":
                self._branch(piece)
            case _:
                self._symbols.append((piece, None, 0) if kind == "atom" else self._bracket(piece))
                if self._last is not None:
                    self._join(self._last, len(self._symbols) - 1, self._bond)
                self._last, self._bond = len(self._symbols) - 1, None

    def _bracket(self, piece: str) -> tuple[str, int, int]:
        found = _BRACKET.fullmatch(piece)
        if found is None:
            raise self._error(f"the atom {piece} is not understood")
        hydrogens, charge = found["hydrogens"], found["charge"] or ""
        size = int(charge[-1]) if charge[-1:].isdigit() else len(charge)
        return found["symbol"], int(hydrogens or 1) if hydrogens is not None else 0, -size if "-" in charge else size

    def _branch(self, sign: str) -> None:
        if sign == "(" and self._last is not None:
            self._branches.append(self._last)
        elif sign == ")" and self._branches:
            self._last = self._branches.pop()
        elif sign == ".":
            self._last = None
        else:
            raise self._error(f"'{sign}' closes nothing" if sign == ")" else "a branch needs an atom before it")

    def _close_or_open(self, ring: str) -> None:
        number = ring.lstrip("%").lstrip("0") or "0"
        if self._last is None:
            raise self._error(f"ring {number} needs an atom before it")
        start, bond = self._open.pop(number, (None, None))
        if start is None:
            self._open[number] = (self._last, self._bond)
        elif bond is not None and self._bond is not None and bond is not self._bond:
            raise self._error(f"ring {number} is closed by another bond than it was opened by")
        else:
            self._join(start, self._last, self._bond if bond is None else bond)
        self._bond = None

    def _join(self, u: int, v: int, bond: Bond | None) -> None:
        if u == v or ordered(u, v) in self._bonds:
            raise self._error("two atoms are joined twice, or one to itself")
        self._bonds[ordered(u, v)] = bond

    def _without_hydrogens(self) -> Molecule:
        """Those that are atoms go to their neighbours, unless all are hydrogens."""
        bonds = self._settled()
        gone = {u for u, (symbol, _, _) in enumerate(self._symbols) if symbol == "H"}
        gone = set() if len(gone) == len(self._symbols) else gone
        written, orders = [0] * len(self._symbols), [0] * len(self._symbols)
        for (u, v), bond in bonds.items():
            for atom, end in ((u, v), (v, u)):
                orders[atom] += bond.order
                written[atom] += end in gone
        kept = [u for u in range(len(self._symbols)) if u not in gone]
        atoms = []
        for u in kept:
            symbol, hydrogens, charge = self._symbols[u]
            own = self._left_open(symbol, orders[u]) if hydrogens is None else hydrogens
            atoms.append(Atom(symbol=symbol, hydrogens=own + written[u], charge=charge))
        places = {u: place for place, u in enumerate(kept)}
        left = {(places[u], places[v]): bond for (u, v), bond in bonds.items() if u in places and v in places}
        return Molecule(atoms=tuple(atoms), bonds=left)

    def _settled(self) -> dict[tuple[int, int], Bond]:
        """Every bond, those that were not written too."""
        aromatic = [symbol.islower() for symbol, _, _ in self._symbols]
        unsaid = [pair for pair, bond in self._bonds.items() if bond is None and all(aromatic[end] for end in pair)]
        rings = {pair for pair in unsaid if _joined(*pair, self._bonds.keys() - {pair})}
        return {
            pair: bond if bond is not None else Bond.AROMATIC if pair in rings else Bond.SINGLE
            for pair, bond in self._bonds.items()
        }

    def _left_open(self, symbol: str, order: int) -> int:
        """Hydrogens that an atom outside brackets has beside its bonds; an aromatic one has given an electron to its ring."""
        valences = _VALENCES[symbol.capitalize()]
        if symbol.islower():
            return max(0, valences[0] - 1 - order)
        fitting = next((valence for valence in valences if valence >= order), None)
        if fitting is None:
            raise self._error(f"an atom {symbol} has bonds of order {order} in sum, and takes {valences[-1]}")
        return fitting - order

    def _error(self, reason: str) -> UserError:
        return UserError(f"{self._where}: the SMILES '{self._text}' cannot be read: {reason}.")


def _joined(start: int, end: int, pairs: Iterable[tuple[int, int]]) -> bool:
    """Whether a path of the pairs leads from one to the other."""
    left, reached = list(pairs), {start}
    while True:
        more = {node for pair in left for node in pair if reached & set(pair)} - reached
        if end in reached or not more:
            return end in reached
        reached |= more

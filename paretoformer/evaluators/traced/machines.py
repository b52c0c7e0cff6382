"""Finite automata as tables of transitions."""

from itertools import permutations

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.int64]
"""(states, symbols): the state after each symbol; state 0 is the first."""

_MOST_DRAWS = 1_000


def group_table(size: int, *, even: bool = False) -> Table:
    """The word problem of the permutations of `size` things, or of the even ones: every element is a symbol and a state.

    Reading g in state s leads to g after s; element 0 is the identity. Source: paper 08, after Barrington 1989.
    """
    elements = np.array([one for one in permutations(range(size)) if not even or _is_even(one)])  # (states, size)
    number = {tuple(one): place for place, one in enumerate(elements.tolist())}
    return np.array([[number[tuple(symbol[state])] for symbol in elements] for state in elements])


def _is_even(one: tuple[int, ...]) -> bool:
    return sum(a > b for place, a in enumerate(one) for b in one[place + 1 :]) % 2 == 0


def counter_table(modulus: int) -> Table:
    """Bits, of which the ones are counted modulo `modulus`."""
    states = np.arange(modulus)
    return np.stack((states, (states + 1) % modulus), 1)


def random_table(states: int, symbols: int, seed: int) -> Table:
    """Transitions drawn alike, drawn again until every state can be reached.

    The answer is the state itself, so that no two states are alike and the automaton is minimal.
    """
    rng = np.random.default_rng(seed)
    for _ in range(_MOST_DRAWS):
        table = rng.integers(0, states, (states, symbols))
        if len(reachable(table)) == states:
            return table
    raise AssertionError("most automata of so few states can be reached as a whole")


def reachable(table: Table) -> set[int]:
    """States that some word leads to."""
    found, waiting = {0}, [0]
    while waiting:
        for state in table[waiting.pop()].tolist():
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


def runs(table: Table, words: Table) -> Table:
    """words: (B, n) symbols -> (B, n), the state after each symbol."""
    states = np.zeros(len(words), dtype=np.int64)
    found = np.empty_like(words)
    for place in range(words.shape[1]):
        states = found[:, place] = table[states, words[:, place]]
    return found

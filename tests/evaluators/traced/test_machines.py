from itertools import permutations

import numpy as np
import pytest

from paretoformer.evaluators.traced.machines import counter_table, group_table, random_table, reachable, runs


@pytest.mark.parametrize(("size", "even", "order"), [(3, False, 6), (4, True, 12), (5, True, 60), (5, False, 120)])
def test_a_group_has_its_order_and_every_row_and_column_all_elements(size: int, even: bool, order: int) -> None:
    table = group_table(size, even=even)
    everyone = np.arange(order)
    assert table.shape == (order, order)
    assert (np.sort(table, 0) == everyone[:, None]).all() and (np.sort(table, 1) == everyone).all()


def test_element_0_is_the_identity() -> None:
    table = group_table(5, even=True)
    assert (table[0] == np.arange(60)).all() and (table[:, 0] == np.arange(60)).all()


def test_products_are_those_of_permutation_matrices() -> None:
    matrices = [np.eye(3)[list(one)] for one in permutations(range(3))]
    words = np.random.default_rng(0).integers(0, 6, (20, 5))
    for word, states in zip(words, runs(group_table(3), words), strict=True):
        product = np.eye(3)
        for symbol, state in zip(word, states, strict=True):
            product = product @ matrices[symbol]
            assert (product == matrices[state]).all()


def test_a_counter_counts_ones() -> None:
    words = np.random.default_rng(0).integers(0, 2, (10, 9))
    assert (runs(counter_table(3), words) == words.cumsum(1) % 3).all()


@pytest.mark.parametrize("seed", range(5))
def test_every_state_of_a_drawn_automaton_can_be_reached(seed: int) -> None:
    table = random_table(6, 2, seed)
    assert reachable(table) == set(range(6)) and (table == random_table(6, 2, seed)).all()

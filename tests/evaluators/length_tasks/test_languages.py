from collections import Counter

import numpy as np

from paretoformer.evaluators.length_tasks.pcfg_language import BINARY, UNARY, Pcfg
from paretoformer.evaluators.length_tasks.scan_language import Scan, commands


def test_scan_has_20910_different_commands() -> None:
    prompts = [each.prompt for instances in commands().values() for each in instances]
    assert len(prompts) == len(set(prompts)) == 20_910


def test_scan_has_as_many_short_commands_as_the_published_split() -> None:
    short = sum(len(instances) for size, instances in commands().items() if size <= 22)
    assert (short, 20_910 - short) == (16_990, 3_920)


def test_the_longest_command_of_scan_has_48_actions() -> None:
    assert max(commands()) == 48


def test_sizes_of_scan_without_enough_commands_are_left_out() -> None:
    sizes = Scan().sizes(0, 48)
    assert set(range(2, 23)) <= set(sizes) and 23 not in sizes and sizes[-1] == 48


def test_expressions_have_as_many_functions_as_their_size() -> None:
    for size in range(1, 8):
        for instance in Pcfg().draw(np.random.default_rng(size), size, 50):
            words = instance.prompt.split()
            assert sum(word in UNARY or word in BINARY for word in words) == size
            assert words.count(",") == sum(word in BINARY for word in words)


def test_every_function_is_used() -> None:
    drawn = Pcfg().draw(np.random.default_rng(0), 4, 400)
    counts = Counter(word for instance in drawn for word in instance.prompt.split())
    assert all(counts[name] > 80 for name in (*UNARY, *BINARY))

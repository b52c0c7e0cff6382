"""The commands of SCAN and what to do on each."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

import numpy as np

from paretoformer.evaluators.length_tasks.instance import Instance
from paretoformer.evaluators.length_tasks.problem import Problem

_ACTIONS = {"walk": "Walk", "run": "Run", "jump": "Jump", "look": "Look"}
_TURNS = {"left": "Left", "right": "Right"}
_TIMES = {"twice": 2, "thrice": 3}
_FEWEST = 8  # commands of a size, so that each split has some


class Scan(Problem):
    """All 20,910 commands of the grammar; the size is the number of actions, up to 48.

    A verb may have a direction, `opposite` or `around` it, and be done twice or thrice; two of these may be joined by `and`, or
    by `after`, which does the second first. Sizes of fewer than 8 commands are left out.
    Source: Lake and Baroni 2018, figures 6 and 7.
    """

    words = (
        *("Solve:", "turn", "opposite", "around", "and", "after"),
        *(*_ACTIONS, *_TURNS, *_TIMES, *_ACTIONS.values(), *_TURNS.values()),
    )
    smallest = 2
    largest = 48

    def sizes(self, first: int, last: int) -> tuple[int, ...]:
        """Sizes with at least 8 commands."""
        lengths = np.array([len(actions) for actions in _phrases().values()])
        joined = np.bincount(np.add.outer(lengths, lengths).ravel())  # once by `and`, once by `after`
        counts = 2 * joined + np.bincount(lengths, minlength=len(joined))
        return tuple(size for size in range(first, min(last + 1, len(counts))) if counts[size] >= _FEWEST)

    def draw(self, rng: np.random.Generator, size: int, count: int) -> list[Instance]:
        """Commands in a random order, each once."""
        known = commands()[size]
        return [known[place] for place in rng.permutation(len(known))[:count]]

    def longest(self, size: int) -> Instance:
        """A command of nine words and as many actions as the size has."""
        command = "walk around left thrice and walk around left thrice"
        return Instance(prompt=f"Solve: {command}", answer=" ".join(["Walk"] * size), size=size)


@cache
def commands() -> Mapping[int, tuple[Instance, ...]]:
    """Every command, by the number of its actions."""
    found: dict[int, list[Instance]] = defaultdict(list)
    for first, one in _phrases().items():
        _add(found, first, one)
        for second, other in _phrases().items():
            _add(found, f"{first} and {second}", one + other)
            _add(found, f"{first} after {second}", other + one)
    return {size: tuple(instances) for size, instances in found.items()}


def _add(found: dict[int, list[Instance]], command: str, actions: tuple[str, ...]) -> None:
    instance = Instance(prompt=f"Solve: {command}", answer=" ".join(actions), size=len(actions))
    found[len(actions)].append(instance)


@cache
def _phrases() -> Mapping[str, tuple[str, ...]]:
    """The 102 commands without `and` and `after`."""
    return {
        command: actions
        for verb, done in _verbs().items()
        for command, actions in ((verb, done), *((f"{verb} {word}", done * n) for word, n in _TIMES.items()))
    }


def _verbs() -> dict[str, tuple[str, ...]]:
    """The 34 phrases without a count."""
    found: dict[str, tuple[str, ...]] = {verb: (action,) for verb, action in _ACTIONS.items()}
    for verb in ("turn", *_ACTIONS):
        action = () if verb == "turn" else (_ACTIONS[verb],)
        for direction, turn in _TURNS.items():
            found[f"{verb} {direction}"] = (turn, *action)
            found[f"{verb} opposite {direction}"] = (turn, turn, *action)
            found[f"{verb} around {direction}"] = (turn, *action) * 4
    return found

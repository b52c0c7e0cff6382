"""Compares nothing: finds in a task's sentence of baselines the figure of a classical one, in the task's first metric.

For tasks whose classical baseline benchmarks/baselines.py does not recompute.
"""

import re
from typing import Any


def _by(words: str) -> str:
    return rf"(?P<figure>[\d.]+)(?: bits/byte)?(?: on validation)? by (?P<what>{re.escape(words)})"


_NEAREST = r"on validation (?P<figure>[\d.]+) on trained and [\d.]+ on greater sizes by the answer to (?P<what>the nearest training prompt)"
_PATTERNS = {
    "addition": _NEAREST,
    "automata": _by("logistic regression on the word"),
    "babi-style": _by("the last room that is named"),
    "bible-translation": _by("a byte n-gram of order 4 of the Spanish text alone"),
    "boolean-icl": _by("all literals no positive contradicts"),
    "connectivity": r"(?P<figure>[\d.]+) on validation by (?P<what>paths of up to )[\d, ]*(?P<rest>\d edges)",
    "copy": _NEAREST,
    "even-token": _by("the half that is known and a guess of 10"),
    "freesolv": _by("ridge regression on counts of kinds of atoms and bonds"),
    "function-fit": _by("8 nearest neighbours"),
    "graph-structure": _by("logistic regression on sorted visits of nodes, tokens and jumps"),
    "inverse-permutation": _by("logistic regression"),
    "lego": _NEAREST,
    "mqar": _by("guessing among the 4 values that were named"),
    "needle": _by("the first digit for all"),
    "parity": _NEAREST,
    "pcfg": _NEAREST,
    "pointmap": _by("ridge regression from the pixels of both"),
    "polynomial": _NEAREST,
    "reverse": _NEAREST,
    "scan": _NEAREST,
    "solubility": _by("ridge regression on counts of kinds of atoms and bonds"),
    "sorting": _NEAREST,
    "speech-translation": _by("a byte n-gram of order 4 of the English texts alone"),
    "summation": _NEAREST,
}


def quoted(name: str, sentence: str) -> dict[str, Any] | None:
    """What it is and its value on validation, None where the sentence has none.

    Args:
        name: of the task.
        sentence: its `about.baseline`.
    """
    found = re.search(_PATTERNS[name], sentence) if name in _PATTERNS else None
    if found is None:
        return None
    words = found.groupdict()
    return {"what": words["what"] + words.get("rest", ""), "value": float(words["figure"])}

"""Copies of one input that are labelled differently."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Contradictions:
    """What no model can tell apart and is to: `examples`, copies of `inputs` different inputs; `shown` names two of them."""

    examples: int
    inputs: int
    shown: str


def contradictions(keys: Sequence[str], labels: Sequence[str], places: Sequence[str]) -> Contradictions | None:
    """Find inputs whose copies have more than one label; None where there are none.

    Args:
        keys: of each example, equal where a model sees equal inputs.
        labels: of each.
        places: where each stands, in the user's words.
    """
    copies: dict[str, list[int]] = defaultdict(list)
    for item, key in enumerate(keys):
        copies[key].append(item)
    found = [items for items in copies.values() if len({labels[item] for item in items}) > 1]
    if not found:
        return None
    first = found[0][0]
    other = next(item for item in found[0] if labels[item] != labels[first])
    return Contradictions(
        examples=sum(map(len, found)),
        inputs=len(found),
        shown=f"{places[first]} is '{labels[first]}' and {places[other]} is '{labels[other]}'",
    )

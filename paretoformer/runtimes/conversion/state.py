"""A decoding state as a list of its leaves: tensors and whole numbers, each with a name."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

Leaf = Tensor | int | torch.SymInt
"""What a step changes. Anything else in a state (None, flags, text) stays as it is."""


def leaves(state: Any) -> list[Leaf]:
    """The leaves of a state of dataclasses, tuples and lists, in the order of their fields."""
    return [leaf for _, leaf in named_leaves(state)]


def named_leaves(state: Any, path: str = "state") -> Iterator[tuple[str, Leaf]]:
    """Each leaf with where it stands: `state.branches.0.k`."""
    if isinstance(state, (Tensor, torch.SymInt)) or (isinstance(state, int) and not isinstance(state, bool)):
        yield path, state
    else:
        for name, part in _parts(state):
            yield from named_leaves(part, f"{path}.{name}")


def with_leaves(like: Any, given: Sequence[Leaf]) -> Any:
    """The state of `like`'s form that has the given leaves."""
    remaining = iter(given)
    state = _rebuilt(like, remaining)
    assert next(remaining, None) is None, "as many leaves as the state has"
    return state


def _rebuilt(like: Any, remaining: Iterator[Leaf]) -> Any:
    if isinstance(like, (Tensor, torch.SymInt)) or (isinstance(like, int) and not isinstance(like, bool)):
        return next(remaining)
    parts = {name: _rebuilt(part, remaining) for name, part in _parts(like)}
    if is_dataclass(like) and not isinstance(like, type):
        return replace(like, **parts)
    return type(like)(parts.values()) if isinstance(like, (tuple, list)) else like


def _parts(state: Any) -> Iterator[tuple[str, Any]]:
    if is_dataclass(state):
        yield from ((field.name, getattr(state, field.name)) for field in fields(state))
    elif isinstance(state, (tuple, list)):
        yield from ((str(place), part) for place, part in enumerate(state))

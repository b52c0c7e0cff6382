"""A decoding state is its leaves and what never changes."""

from dataclasses import dataclass

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paretoformer.runtimes.conversion.state import leaves, named_leaves, with_leaves


@dataclass(frozen=True)
class Part:
    k: Tensor
    valid: Tensor | None
    length: int = 0
    full: bool = False


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    length: int = 0


def whole(*lengths: int) -> Whole:
    return Whole(parts=tuple(Part(k=torch.full((2,), float(n)), valid=None, length=n) for n in lengths), length=7)


def test_leaves_are_tensors_and_numbers_with_where_they_stand() -> None:
    assert [name for name, _ in named_leaves(whole(3))] == ["state.parts.0.k", "state.parts.0.length", "state.length"]


@given(st.lists(st.integers(0, 9), max_size=4), st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_a_state_is_made_again_from_its_leaves(lengths: list[int], changed: int) -> None:
    before = whole(*lengths)
    after = with_leaves(before, [*leaves(before)[:-1], changed])
    assert after.length == changed
    assert [part.length for part in after.parts] == lengths
    assert all(new.k is old.k for new, old in zip(after.parts, before.parts, strict=True))


def test_what_is_no_leaf_stays_as_it_is() -> None:
    part = with_leaves(Part(k=torch.zeros(1), valid=None, full=True), [torch.ones(1), 2])
    assert part.valid is None and part.full and part.length == 2

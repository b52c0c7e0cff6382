"""Noise for texts: what a model has to undo, found by importing its folder."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from paretoformer.records.errors import UserError
from paretoformer.records.registry import Registry

if TYPE_CHECKING:
    from torch import Generator

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class NoiseOptions:
    """`rate`: share of tokens that are hidden; `span`: mean length of a hidden span; `mask`: the id that stands for what is
    hidden; `stop`: the id that ends a sentence.
    """

    rate: float
    span: float
    mask: int
    stop: int


Corrupt = Callable[[Ids, NoiseOptions, np.random.Generator], Ids]
"""Tokens (n,) without the first and last symbol -> what is left of them, (m,)."""


@dataclass(frozen=True, kw_only=True)
class Noise:
    """A way to corrupt. `order` says which comes first in a mix, `masks` whether it writes the mask."""

    name: str
    corrupt: Corrupt
    order: int
    masks: bool


_NOISES: Registry[Noise] = Registry("noise", "paretoformer.evaluators.noise")


def register_noise(name: str, *, order: int, masks: bool = False) -> Callable[[Corrupt], Corrupt]:
    """Decorator that gives a corruptor its name.

    Raises:
        ValueError: the name is taken.
    """

    def add(corrupt: Corrupt) -> Corrupt:
        _NOISES.add(name, Noise(name=name, corrupt=corrupt, order=order, masks=masks))
        return corrupt

    return add


def noise_names() -> tuple[str, ...]:
    """Every noise's name, sorted."""
    return _NOISES.names()


def noises(text: str) -> tuple[Noise, ...]:
    """Those that `infilling+permutation` names, in the order in which they are applied.

    Raises:
        UserError: there is none of a name, or one twice; lists the names.
    """
    names = text.split("+")
    if len(set(names)) < len(names):
        raise UserError(f"'{text}' has a noise twice; write each once, as in infilling+permutation.")
    return tuple(sorted((_NOISES.get(name) for name in names), key=lambda noise: noise.order))


def corrupted(ids: Ids, mix: tuple[Noise, ...], options: NoiseOptions, rng: np.random.Generator) -> Ids:
    """The tokens (n,) after every noise of the mix; none are left as they are."""
    for noise in mix:
        if len(ids):
            ids = noise.corrupt(ids, options, rng)
    return ids


def drawing(generator: "Generator") -> np.random.Generator:
    """A source of random numbers that is a function of where `generator` stands, which it moves on by one draw."""
    import torch

    return np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))


def hidden(count: int, rate: float) -> int:
    """How many of `count` tokens a rate hides, rounded up."""
    return min(count, int(np.ceil(round(rate * count, 9))))

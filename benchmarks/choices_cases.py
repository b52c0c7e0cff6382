"""The cases that choices_speed.py times: choices at a size, mixers at their defaults wherever sequences are long enough."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from choices_formulas import HEADS
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Context, Mixer, Site
from paretoformer.search_spaces.registry import choice, choices, config_from_json

SIZES = {"small": (8, 64, 64), "middle": (4, 256, 128), "large": (1, 1024, 256)}
"""Batch, tokens, channels."""
NOTHING = ("identity", "none")
"""Choices that compute nothing."""
LEAST = {"bigbird": 512, "linformer": 256, "lsh": 128, "nystrom": 128, "sparse": 128, "window": 512}
"""Tokens from which on a mixer's default sizes stand, and do not come to softmax attention."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A choice as it stands at one size."""

    name: str
    config: Any
    site: Site

    added: bool = False
    """Whether it is a position that is added to a stack's input."""

    @property
    def context(self) -> Context:
        """That of a call."""
        return Context(causal=self.site.causal, grid=self.site.grid)


def forms(name: str) -> dict[str, Any]:
    """What makes a mixer compute what its reference does."""
    own: dict[str, dict[str, Any]] = {
        "lsh": {"across": True, "duplicates": "counted", "scale": "none"},
        "omega": {"window": 4, "features": "identity", "memory": "linear"},
    }
    return own.get(name, {})


def shorter(name: str, length: int) -> dict[str, Any]:
    """Sizes of a mixer for a sequence that is too short for its defaults."""
    own: dict[str, dict[str, Any]] = {
        "bigbird": {"block": length // 16},
        "linformer": {"rank": length // 2},
        "lsh": {"chunk": length // 4},
        "nystrom": {"landmarks": length // 4},
        "sparse": {"stride": length // 2, "summary": length // 8},
        "window": {"window": length // 2},
    }
    return own[name] if length < LEAST.get(name, 0) else {}


def growing(name: str, length: int) -> dict[str, Any]:
    """Sizes that grow with the sequence where a mixer's cost is promised for such: strides as its root."""
    return {"stride": 1 << (int(math.log2(length)) + 1) // 2, "summary": 2} if name == "sparse" else {}


def site_at(name: str, length: int, width: int) -> Site:
    """A bidirectional sequence, a grid for what works on one, or a causal sequence for what works on that alone."""
    able = choice("mixer", name).capabilities if name in {str(each) for each in choices("mixer")} else frozenset()
    side = 1 << (length.bit_length() - 1) // 2
    if Capability.GRID in able or name in ("pooling", "separable", "depthwise"):
        return Site(width=width, length=length, grid=(side, length // side))
    return Site(width=width, length=length, causal=bool(able) and Capability.BIDIRECTIONAL not in able)


def mixer_case(name: str, length: int, width: int, **fields: Any) -> Case:
    """A mixer of four heads, where it has heads; with `fields` of its config beside what the length and its reference need."""
    given = {**forms(name), **shorter(name, length), **fields}
    return Case(name=f"mixer {name}", config=config_of(name, given), site=site_at(name, length, width))


def config_of(name: str, given: dict[str, Any]) -> Any:
    """That of a mixer."""
    found = choice("mixer", name)
    return found.config(**({"heads": HEADS} if "heads" in found.fields else {}), **given)


class Added(nn.Module):
    """A position on a stack's input."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.position = case.config.build(case.site)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.position.at(x, context)
        return y


def defaults(length: int, width: int) -> Iterator[Case]:
    """Mixers that `forms` makes simpler, as they are by default."""
    for name in ("lsh", "omega"):
        config = config_of(name, shorter(name, length))
        yield Case(name=f"mixer {name}-default", config=config, site=site_at(name, length, width))


def cases(length: int, width: int) -> Iterator[Case]:
    """Every mixer, position, norm and feed-forward that computes something, at one size.

    A position stands inside softmax attention, or on a stack's input.
    """
    yield from (mixer_case(str(each), length, width) for each in choices("mixer") if str(each) not in NOTHING)
    plain = Site(width=width, length=length)
    softmax = config_from_json("mixer", {"name": "softmax", "heads": HEADS})
    for each in choices("position"):
        position: Any = each.config()
        if position.build_in_mixer(plain, HEADS, width // HEADS) is not None:
            yield Case(name=f"position {each}", config=softmax, site=replace(plain, position=position))
        elif str(each) not in NOTHING:
            yield Case(name=f"position {each}", config=position, site=plain, added=True)
    if (length, width) == SIZES["small"][1:]:
        yield from defaults(length, width)
    for kind in ("norm", "feedforward"):
        able = [each for each in choices(kind) if str(each) not in NOTHING]
        yield from (Case(name=f"{kind} {each}", config=each.config(), site=plain) for each in able)


def built(case: Case) -> nn.Module:
    """The module; a mixer in evaluation, since what some do in training is done once."""
    torch.manual_seed(0)
    problems = list(case.config.problems(case.site))
    assert not problems, problems
    module: nn.Module = Added(case) if case.added else case.config.build(case.site)
    return module.eval() if isinstance(module, Mixer) else module.train()

"""A penalty on scores that grows with distance."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Capability, MixerPosition, PositionConfig, Site
from paretoformer.search_spaces.registry import register


@register("position", "alibi", papers=(6,), capabilities=(Capability.SCORE_BIAS,))
@dataclass(frozen=True, kw_only=True)
class AlibiConfig(PositionConfig):
    """Scores of head h lose slope_h |i - j|; slopes fall geometrically from 2^(-8/H). Works at any length.

    For a number of heads that is no power of two, the missing slopes are every other one of twice the power below.
    Source: Press et al. 2021, section 3; the symmetric form in bidirectional stacks is the authors' later one.
    """

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> "Alibi":
        """The penalty for `heads` heads."""
        return Alibi(heads)


def slopes(heads: int) -> list[float]:
    """The slope of each head."""
    power = 1 << (heads.bit_length() - 1)
    first = [2 ** (-8 * (h + 1) / power) for h in range(power)]
    between = [2 ** (-8 * (h + 1) / (2 * power)) for h in range(0, 2 * power, 2)]
    return first + between[: heads - power]


class Alibi(MixerPosition):
    """The module of `AlibiConfig`; it has no parameters."""

    slopes: Tensor

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.register_buffer("slopes", torch.tensor(slopes(heads)), persistent=False)

    def bias(self, q: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
        """q is not looked at; queries: (T,), keys: (S,) -> (H, T, S)."""
        distance = (queries[:, None] - keys).abs()
        return -self.slopes[:, None, None] * distance

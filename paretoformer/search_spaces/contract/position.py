"""Positions: how a stack tells its tokens where they stand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor, nn

from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.config import ChoiceConfig
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.site import Site

IN_MIXERS = frozenset({Capability.SCORE_BIAS, Capability.ROTARY, Capability.WEIGHTS})
"""A position with one of these acts inside mixers."""


@dataclass(frozen=True, kw_only=True)
class PositionConfig(ChoiceConfig):
    """Config of a position choice. It may act on the stack's input, inside each mixer, or both.

    Where it is `shared`, mixers of one stack with heads of the same number and width have one part for all of them.
    """

    @property
    def shared(self) -> bool:
        """Whether the part inside mixers is the same module in all layers."""
        return False

    @property
    def in_mixers(self) -> bool:
        """Whether it acts inside mixers, and so may differ from branch to branch."""
        return bool(IN_MIXERS & self.choice.capabilities)

    def build(self, site: Site) -> "Position | None":
        """The part that acts on the stack's input, or None."""
        return None

    def build_in_mixer(self, site: Site, heads: int, head_width: int) -> "MixerPosition | None":
        """The part that acts inside one attention of `heads` heads, or None."""
        return None

    def problems(self, site: Site) -> Iterator[str]:
        """A grid position needs a grid."""
        if Capability.GRID in self.choice.capabilities and site.grid is None:
            yield f"position {self.choice.name} needs a grid, and this stack has {site}"

    def mixer_parameters(self, heads: int, head_width: int) -> int:
        """Parameters of the part inside one attention."""
        return 0

    def mixer_macs(self, heads: int, head_width: int, length: int) -> int:
        """Multiply-accumulates of the part inside one attention for one sequence of `length` tokens."""
        return 0

    def mixer_problems(self, heads: int, head_width: int) -> Iterator[str]:
        """Sentences that say why it cannot act inside an attention of this shape."""
        return iter(())


class ExactBuffers(nn.Module):
    """Its buffers keep their precision when the module is cast: a frequency in bf16 is wrong by radians at token 3,000."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        exact = dict(self.named_buffers(recurse=False))
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, buffer in exact.items():
            setattr(self, name, buffer.to(getattr(self, name).device))
        return self


class Position(ExactBuffers):
    """Acts on the input of a stack."""

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        """x: (B, N, D), positions: (N,) -> (B, N, D)."""
        raise NotImplementedError

    def at(self, x: Tensor, context: Context) -> Tensor:
        """`forward` at the positions of `context`."""
        y: Tensor = self(x, context.positions(x.shape[1], x.device))
        return y


class MixerPosition(ExactBuffers):
    """Acts inside an attention. The defaults change nothing.

    queries (T,) and keys (S,) are positions; `bias` acts where scores are made, `factor` and `values` on the
    normalised weights, in a position that says so by `acts_on_weights`.
    """

    acts_on_weights: ClassVar[bool] = False

    def rotate(self, x: Tensor, positions: Tensor) -> Tensor:
        """Queries or keys (B, H, N, d) at positions (N,) -> the same shape."""
        return x

    def bias(self, q: Tensor, queries: Tensor, keys: Tensor) -> Tensor | None:
        """What is added to the scaled scores of queries q (B, H, T, d): (H, T, S), (B, H, T, S), or None."""
        return None

    def factor(self, queries: Tensor, keys: Tensor) -> Tensor | None:
        """What the normalised weights are multiplied by, (H, T, S), or None."""
        return None

    def values(self, weights: Tensor, queries: Tensor, keys: Tensor) -> Tensor | None:
        """What is added to the weighted values, given weights (B, H, T, S): (B, H, T, d), or None."""
        return None

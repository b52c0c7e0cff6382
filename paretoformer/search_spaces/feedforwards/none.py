"""No feed-forward: blocks of a mixer alone."""

from dataclasses import dataclass

from torch import Tensor

from paretoformer.search_spaces.contract import Capability, Context, FeedForward, FeedForwardConfig, Site
from paretoformer.search_spaces.registry import register


@register("feedforward", "none", papers=(25,), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class NoneConfig(FeedForwardConfig):
    """The tokens as they are; in a stack with one residual a block, the block's mixer is all of it and the norm ends it.

    Source: paper 25, section 2.4: a bottleneck has its layers to and from the hidden width around the convolution.
    """

    def build(self, site: Site) -> "NoFeedForward":
        """The feed-forward for `site`."""
        return NoFeedForward()


class NoFeedForward(FeedForward):
    """The module of `NoneConfig`."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x -> x."""
        return x

"""Two linear layers with a StarReLU between them."""

from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Context, FeedForward, FeedForwardConfig, Site
from paretoformer.search_spaces.parts.star_relu import StarRelu, StarReluStart
from paretoformer.search_spaces.registry import register


@register("feedforward", "starrelu", papers=(16,), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class StarreluConfig(FeedForwardConfig):
    """W2 (scale relu(W1 x)^2 + shift), hidden width `ratio` times the width, rounded.

    `start` says where the two learned scalars start: as the paper derives them, or at 1 and 0 as in the official code.
    Cost: 2 N D hidden MACs. Source: Yu et al. 2022 (MetaFormer Baselines for Vision), the follow-up of paper 16.
    """

    ratio: float = 4.0
    bias: bool = False
    start: StarReluStart = "paper"

    def hidden(self, site: Site) -> int:
        """Hidden width, at least 1."""
        return max(1, round(self.ratio * site.width))

    def build(self, site: Site) -> "Starrelu":
        """The feed-forward for `site`."""
        return Starrelu(self, site)

    def parameters(self, site: Site) -> int:
        """Both layers and the two scalars."""
        hidden = self.hidden(site)
        return 2 * site.width * hidden + 2 + (hidden + site.width if self.bias else 0)

    def macs(self, site: Site, length: int) -> int:
        """Both layers."""
        return 2 * length * site.width * self.hidden(site)


class Starrelu(FeedForward):
    """The module of `StarreluConfig`."""

    def __init__(self, config: StarreluConfig, site: Site) -> None:
        super().__init__()
        self.up = nn.Linear(site.width, config.hidden(site), bias=config.bias)
        self.activation = StarRelu(config.start)
        self.down = nn.Linear(config.hidden(site), site.width, bias=config.bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.down(self.activation(self.up(x)))
        return y

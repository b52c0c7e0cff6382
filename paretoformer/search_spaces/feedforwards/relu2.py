"""Two linear layers with a squared ReLU between them, or a plain one."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import relu

from paretoformer.search_spaces.contract import Capability, Context, FeedForward, FeedForwardConfig, Site
from paretoformer.search_spaces.registry import register


@register("feedforward", "relu2", papers=(16, 25), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class Relu2Config(FeedForwardConfig):
    """W2 relu(W1 x)^power, hidden width `ratio` times the width, rounded.

    Cost: 2 N D hidden MACs. Source: So et al. 2021, section 4 (Primer), without biases; it stands in the classifier of
    paper 16's follow-up. Power 1: Vaswani et al. 2017, section 3.3, and paper 25 before its edit of section 2.6.
    """

    ratio: float = 4.0
    bias: bool = False
    power: Literal[1, 2] = 2

    def hidden(self, site: Site) -> int:
        """Hidden width, at least 1."""
        return max(1, round(self.ratio * site.width))

    def build(self, site: Site) -> "Relu2":
        """The feed-forward for `site`."""
        return Relu2(self, site)

    def parameters(self, site: Site) -> int:
        """Both layers."""
        hidden = self.hidden(site)
        return 2 * site.width * hidden + (hidden + site.width if self.bias else 0)

    def macs(self, site: Site, length: int) -> int:
        """Both layers."""
        return 2 * length * site.width * self.hidden(site)


class Relu2(FeedForward):
    """The module of `Relu2Config`."""

    def __init__(self, config: Relu2Config, site: Site) -> None:
        super().__init__()
        self.up = nn.Linear(site.width, config.hidden(site), bias=config.bias)
        self.down = nn.Linear(config.hidden(site), site.width, bias=config.bias)
        self.power = config.power

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        hidden = relu(self.up(x))
        y: Tensor = self.down(hidden.square() if self.power == 2 else hidden)
        return y

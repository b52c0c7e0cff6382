"""A feed-forward gated by SiLU."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import silu

from paretoformer.search_spaces.contract import Capability, Context, FeedForward, FeedForwardConfig, Site
from paretoformer.search_spaces.registry import register


@register("feedforward", "swiglu", papers=(20,), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class SwigluConfig(FeedForwardConfig):
    """W2 (silu(Wg x) * W1 x) with hidden width 2/3 of `ratio` times the width, so that a ratio costs what it costs ungated.

    Cost: 3 N D hidden MACs. Source: Shazeer 2020, eq. 6 and section 3 (two thirds).
    """

    ratio: float = 4.0
    bias: bool = False

    def hidden(self, site: Site) -> int:
        """Hidden width, at least 1."""
        return max(1, round(2 * self.ratio * site.width / 3))

    def build(self, site: Site) -> "Swiglu":
        """The feed-forward for `site`."""
        return Swiglu(self, site)

    def parameters(self, site: Site) -> int:
        """Gate, up and down."""
        hidden = self.hidden(site)
        return 3 * site.width * hidden + (2 * hidden + site.width if self.bias else 0)

    def macs(self, site: Site, length: int) -> int:
        """Gate, up and down."""
        return 3 * length * site.width * self.hidden(site)


class Swiglu(FeedForward):
    """The module of `SwigluConfig`; gate and up share one product."""

    def __init__(self, config: SwigluConfig, site: Site) -> None:
        super().__init__()
        self.up = nn.Linear(site.width, 2 * config.hidden(site), bias=config.bias)
        self.down = nn.Linear(config.hidden(site), site.width, bias=config.bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        gate, up = self.up(x).chunk(2, dim=-1)
        y: Tensor = self.down(silu(gate) * up)
        return y

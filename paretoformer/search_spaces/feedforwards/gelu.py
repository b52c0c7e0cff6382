"""Two linear layers with a GELU between them."""

from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor, nn
from torch.nn.functional import gelu

from paretoformer.search_spaces.contract import Capability, Context, FeedForward, FeedForwardConfig, Site
from paretoformer.search_spaces.registry import register


@register("feedforward", "gelu", papers=(16, 25), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class GeluConfig(FeedForwardConfig):
    """W2 gelu(W1 x), hidden width `ratio` times the width, rounded, or `inner` whatever the width.

    Cost: 2 N D hidden MACs. Source: Vaswani et al. 2017, section 3.3, with the exact GELU of Hendrycks and Gimpel 2016.
    """

    ratio: float = 4.0
    bias: bool = True
    inner: int | None = None

    def canonical(self) -> Self:
        """The ratio says nothing where the hidden width is given."""
        return self if self.inner is None else replace(self, ratio=GeluConfig.ratio)

    def hidden(self, site: Site) -> int:
        """Hidden width, at least 1."""
        return self.inner or max(1, round(self.ratio * site.width))

    def build(self, site: Site) -> "Gelu":
        """The feed-forward for `site`."""
        return Gelu(self, site)

    def parameters(self, site: Site) -> int:
        """Both layers."""
        hidden = self.hidden(site)
        return 2 * site.width * hidden + (hidden + site.width if self.bias else 0)

    def macs(self, site: Site, length: int) -> int:
        """Both layers."""
        return 2 * length * site.width * self.hidden(site)


class Gelu(FeedForward):
    """The module of `GeluConfig`."""

    def __init__(self, config: GeluConfig, site: Site) -> None:
        super().__init__()
        self.up = nn.Linear(site.width, config.hidden(site), bias=config.bias)
        self.down = nn.Linear(config.hidden(site), site.width, bias=config.bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.down(gelu(self.up(x)))
        return y

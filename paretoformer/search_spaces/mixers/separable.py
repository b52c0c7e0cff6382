"""The separable convolution of MetaFormer's follow-up."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.parts.convolution import DepthwiseConvolution, Recent, taps, window_problems
from paretoformer.search_spaces.parts.star_relu import StarRelu, StarReluStart
from paretoformer.search_spaces.registry import register


@register("mixer", "separable", papers=(16,), capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL))
@dataclass(frozen=True, kw_only=True)
class SeparableConfig(MixerConfig):
    """W2 conv(StarReLU(W1 x)): up to `ratio` times the width, a depthwise convolution there, and back.

    `start` says where StarReLU's scalars start: as the paper derives them, or at 1 and 0 as in the official code.
    Cost: 2 N D hidden MACs and N hidden size^2 on a grid, N hidden size along a sequence; a causal state of size - 1
    hidden tokens. Source: Yu et al. 2022 (MetaFormer Baselines for Vision), the follow-up of paper 16, where the inverted
    separable convolution of MobileNetV2 is named as its origin. The forms along a sequence are ours.
    """

    ratio: float = 2.0
    size: int = 7
    bias: bool = False
    start: StarReluStart = "paper"

    def hidden(self, site: Site) -> int:
        """Hidden width, at least 1."""
        return max(1, round(self.ratio * site.width))

    def problems(self, site: Site) -> Iterator[str]:
        """A centred window needs an odd size, and no window may be larger than what it slides over."""
        yield from super().problems(site)
        yield from window_problems("separable", self.size, site)

    def build(self, site: Site) -> "Separable":
        """The mixer for `site`."""
        return Separable(self, site)

    def parameters(self, site: Site) -> int:
        """Up, StarReLU's two scalars, the convolution, down."""
        hidden = self.hidden(site)
        biases = 2 * hidden + site.width if self.bias else 0
        return hidden * (2 * site.width + taps(self.size, site)) + 2 + biases

    def macs(self, site: Site, length: int) -> int:
        """Up, the convolution, down."""
        return length * self.hidden(site) * (2 * site.width + taps(self.size, site))

    def state_bytes(self, site: Site, length: int) -> int:
        """The last size - 1 hidden tokens."""
        return 4 * (self.size - 1) * self.hidden(site)


class Separable(Mixer):
    """The module of `SeparableConfig`."""

    def __init__(self, config: SeparableConfig, site: Site) -> None:
        super().__init__()
        hidden = config.hidden(site)
        self.up = nn.Linear(site.width, hidden, bias=config.bias)
        self.activation = StarRelu(config.start)
        self.convolution = DepthwiseConvolution(hidden, config.size, site, bias=config.bias)
        self.down = nn.Linear(hidden, site.width, bias=config.bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.down(self.convolution(self.activation(self.up(x)), context))
        return y

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Recent:
        """Zeros for the hidden tokens before the first; capacity does not matter."""
        return self.convolution.start(batch, like)

    def extend(self, x: Tensor, state: Recent, context: Context) -> tuple[Tensor, Recent]:
        """x: (B, T, D)."""
        y, state = self.convolution.extend(self.activation(self.up(x)), state)
        return self.down(y), state

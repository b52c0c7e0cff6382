"""A plain depthwise convolution over tokens."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.parts.activation import After, activation
from paretoformer.search_spaces.parts.convolution import DepthwiseConvolution, Recent, taps, window_problems
from paretoformer.search_spaces.registry import register


@register("mixer", "depthwise", papers=(25, 16), capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL))
@dataclass(frozen=True, kw_only=True)
class DepthwiseConfig(MixerConfig):
    """Each channel convolved on its own with `size` x `size` weights on a grid, `size` along a sequence.

    An activation may come `after` it. In a causal stack the window is the last `size` tokens. Cost: N D size^2 MACs on a grid,
    N D size along a sequence; a causal state of size - 1 tokens. Source: paper 25, section 2.5 (7 x 7; with an activation
    until its section 2.6); paper 16, table 5 (3 x 3). The forms along a sequence are ours.
    """

    size: int = 7
    bias: bool = True
    after: After = "none"

    def problems(self, site: Site) -> Iterator[str]:
        """A centred window needs an odd size, and no window may be larger than what it slides over."""
        yield from super().problems(site)
        yield from window_problems("depthwise", self.size, site)

    def build(self, site: Site) -> "Depthwise":
        """The mixer for `site`."""
        return Depthwise(self, site)

    def parameters(self, site: Site) -> int:
        """The weights of each channel and its bias."""
        return site.width * (taps(self.size, site) + self.bias)

    def macs(self, site: Site, length: int) -> int:
        """The convolution, outside counted as it is computed."""
        return length * site.width * taps(self.size, site)

    def state_bytes(self, site: Site, length: int) -> int:
        """The last size - 1 tokens."""
        return 4 * (self.size - 1) * site.width


class Depthwise(Mixer):
    """The module of `DepthwiseConfig`."""

    def __init__(self, config: DepthwiseConfig, site: Site) -> None:
        super().__init__()
        self.convolution = DepthwiseConvolution(site.width, config.size, site, bias=config.bias)
        self.after = activation(config.after)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.after(self.convolution(x, context))
        return y

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Recent:
        """Zeros for the tokens before the first; capacity does not matter."""
        return self.convolution.start(batch, like)

    def extend(self, x: Tensor, state: Recent, context: Context) -> tuple[Tensor, Recent]:
        """x: (B, T, D)."""
        y, state = self.convolution.extend(x, state)
        return self.after(y), state

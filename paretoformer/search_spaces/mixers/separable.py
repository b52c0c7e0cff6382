"""The separable convolution of MetaFormer's follow-up, and the bottleneck that it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.parts.activation import Activation, After, activation
from paretoformer.search_spaces.parts.convolution import DepthwiseConvolution, Recent, taps, window_problems
from paretoformer.search_spaces.parts.star_relu import StarReluStart
from paretoformer.search_spaces.registry import register


@register("mixer", "separable", papers=(16, 25), capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL))
@dataclass(frozen=True, kw_only=True)
class SeparableConfig(MixerConfig):
    """W2 conv(activation(W1 x)): to `ratio` times the width, a depthwise convolution there, and back.

    The convolution may be `dense`, over all hidden channels, and have an activation `after` it too: dense, with
    a ratio of 1/4 and relu twice, it is the bottleneck of ResNet-50, with depthwise ones and a ratio of 4 that of MobileNetV2.
    `start` says where StarReLU's scalars start: as the paper derives them, or at 1 and 0 as in the official code.
    Cost: 2 N D hidden MACs and N hidden size^2 on a grid, N hidden size along a sequence, times hidden where dense; a causal
    state of size - 1 hidden tokens. Source: Yu et al. 2022 (MetaFormer Baselines for Vision), the follow-up of paper 16,
    where the inverted separable convolution of MobileNetV2 is named as its origin; dense and after: paper 25, sections
    2.3 and 2.4. The forms along a sequence are ours.
    """

    ratio: float = 2.0
    size: int = 7
    bias: bool = False
    start: StarReluStart = "paper"
    dense: bool = False
    activation: Activation = "starrelu"
    after: After = "none"

    def canonical(self) -> Self:
        """Activations without scalars start nowhere."""
        return self if self.activation == "starrelu" else replace(self, start=SeparableConfig.start)

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
        """Up, the scalars of StarReLU, the convolution, down."""
        hidden = self.hidden(site)
        biases = 2 * hidden + site.width if self.bias else 0
        scalars = 2 if self.activation == "starrelu" else 0
        return hidden * (2 * site.width + self._read(site)) + scalars + biases

    def macs(self, site: Site, length: int) -> int:
        """Up, the convolution, down."""
        return length * self.hidden(site) * (2 * site.width + self._read(site))

    def state_bytes(self, site: Site, length: int) -> int:
        """The last size - 1 hidden tokens."""
        return 4 * (self.size - 1) * self.hidden(site)

    def _read(self, site: Site) -> int:
        """Numbers that the convolution makes one of."""
        return taps(self.size, site) * (self.hidden(site) if self.dense else 1)


class Separable(Mixer):
    """The module of `SeparableConfig`."""

    def __init__(self, config: SeparableConfig, site: Site) -> None:
        super().__init__()
        hidden = config.hidden(site)
        self.up = nn.Linear(site.width, hidden, bias=config.bias)
        self.activation = activation(config.activation, config.start)
        self.convolution = DepthwiseConvolution(hidden, config.size, site, bias=config.bias, dense=config.dense)
        self.after = activation(config.after)
        self.down = nn.Linear(hidden, site.width, bias=config.bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.down(self.after(self.convolution(self.activation(self.up(x)), context)))
        return y

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Recent:
        """Zeros for the hidden tokens before the first; capacity does not matter."""
        return self.convolution.start(batch, like)

    def extend(self, x: Tensor, state: Recent, context: Context) -> tuple[Tensor, Recent]:
        """x: (B, T, D)."""
        y, state = self.convolution.extend(self.activation(self.up(x)), state)
        return self.down(self.after(y)), state

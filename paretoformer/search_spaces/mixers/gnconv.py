"""Recursive gated convolution."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.parts.convolution import DepthwiseConvolution, window_problems
from paretoformer.search_spaces.parts.global_local_filter import GlobalLocalFilter
from paretoformer.search_spaces.registry import register

_NEAR = 3
"""Side of the square that the global filter's local half sees."""


@register("mixer", "gnconv", papers=(31,), capabilities=(Capability.BIDIRECTIONAL, Capability.GRID))
@dataclass(frozen=True, kw_only=True)
class GnconvConfig(MixerConfig):
    """g^n Conv: `order` gates from one filter, multiplied in one after another, with widths D / 2^(order - 1), ..., D / 2, D.

    [p0 | q] = W x; q = filter(q) / alpha, cut into gates q0, q1, ...; y = p0 q0; y = (W_k y) q_k for k = 1, ...; W y. The filter
    is depthwise of `size` x `size`, or with `filter` global half local and half in the Fourier domain. Published models use
    orders 2, 3, 4, 5 in their four stages, alpha 3, and the global filter in the last two; the official constructor's default
    is order 5 and alpha 1. Order 1 is one gate.
    Cost: N D (size^2 (2 - 2^(1 - order)) + (11/3 - 2/3 4^(1 - order)) D) MACs beside the elementwise gates.
    Source: paper 31's official code (gnconv), its cost formula without the gates; the paper's text was not read.
    """

    order: int = field(default=3, metadata={"most": 5})
    filter: Literal["local", "global"] = "local"
    size: int = 7
    alpha: float = 3.0

    def canonical(self) -> Self:
        """The global filter's local half has a size of its own."""
        return replace(self, size=GnconvConfig.size) if self.filter == "global" else self

    def gates(self, site: Site) -> list[int]:
        """Widths of the gates, the last of them the stack's."""
        return [site.width >> (self.order - 1 - k) for k in range(self.order)]

    def problems(self, site: Site) -> Iterator[str]:
        """Gates have whole widths, the global filter halves their sum, and the window fits the grid."""
        yield from super().problems(site)
        parts, filtered = 2 ** (self.order - 1), sum(self.gates(site))
        name = f"mixer gnconv of order {self.order}"
        if site.width % parts:
            yield f"{name} needs a width that is a multiple of {parts}, and the width is {site.width}"
        elif self.filter == "global" and filtered % 2:
            use = f"use filter local, or a width that is a multiple of {2 * parts}"
            yield f"{name} filters {filtered} channels at the width {site.width}, and a global filter halves them; {use}"
        yield from window_problems("gnconv", _NEAR if self.filter == "global" else self.size, site)

    def build(self, site: Site) -> "Gnconv":
        """The mixer for `site`."""
        return Gnconv(self, site)

    def parameters(self, site: Site) -> int:
        """The projection in, the filter, those between the gates, and the projection out."""
        gates = self.gates(site)
        filtered = sum(gates)
        own = (
            GlobalLocalFilter.parameters_of(filtered, site)
            if self.filter == "global"
            else filtered * (self.size**2 + 1)
        )
        between = sum(narrow * wide + wide for narrow, wide in zip(gates, gates[1:], strict=False))
        return 3 * site.width**2 + 3 * site.width + own + between

    def macs(self, site: Site, length: int) -> int:
        """Projections and convolutions."""
        gates = self.gates(site)
        filtered = sum(gates)
        own = filtered // 2 * _NEAR**2 if self.filter == "global" else filtered * self.size**2
        between = sum(narrow * wide for narrow, wide in zip(gates, gates[1:], strict=False))
        return length * (3 * site.width**2 + own + between)


class Gnconv(Mixer):
    """The module of `GnconvConfig`."""

    def __init__(self, config: GnconvConfig, site: Site) -> None:
        super().__init__()
        self.gates, self.alpha = config.gates(site), config.alpha
        filtered = sum(self.gates)
        self.up = nn.Linear(site.width, 2 * site.width)
        self.filter: nn.Module = (
            GlobalLocalFilter(filtered, site)
            if config.filter == "global"
            else DepthwiseConvolution(filtered, config.size, site, bias=True)
        )
        pairs = zip(self.gates, self.gates[1:], strict=False)
        self.between = nn.ModuleList(nn.Linear(narrow, wide) for narrow, wide in pairs)
        self.out = nn.Linear(site.width, site.width)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, H * W, D) on the context's grid -> (B, H * W, D)."""
        first, filtered = self.up(x).split((self.gates[0], sum(self.gates)), -1)
        gates = (self.filter(filtered, context) / self.alpha).split(self.gates, -1)
        y = first * gates[0]
        for widen, gate in zip(self.between, gates[1:], strict=True):
            y = widen(y) * gate
        merged: Tensor = self.out(y)
        return merged

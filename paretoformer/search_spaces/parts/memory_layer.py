"""What mixers with a memory trained while it reads share around it: projections, convolution, gates, output."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor, nn
from torch.nn.functional import normalize, silu

from paretoformer.kernels.precision import widened
from paretoformer.search_spaces.contract.attention import Attention, AttentionConfig
from paretoformer.search_spaces.contract.site import Site
from paretoformer.search_spaces.parts.convolution import DepthwiseConvolution, Recent

KEPT = 4.0
"""Initial bias of the gate of retention: 0.98 of the memory is kept from token to token."""


@dataclass(frozen=True, kw_only=True)
class MemoryLayerConfig(AttentionConfig):
    """A memory a head of keys and values is trained on the last `window` pairs, with gradients taken once a `chunk`.

    Queries, keys and values pass a causal convolution of `conv` tokens; a group's query heads read one memory. What
    memories give is normalised in each head and gated before the projection back.
    Source: paper 19 (read second hand; there is no official code); form of gates, norm and output gate are ours.
    """

    window: int = 8
    chunk: int = 16
    conv: int = 4

    @property
    def gates(self) -> int:
        """Gates of each memory: one for each place of the window, the oldest first, then that of retention, then others."""
        return self.window + 1

    def problems(self, site: Site) -> Iterator[str]:
        """Nothing may be longer than the sequence."""
        yield from super().problems(site)
        for name in ("window", "chunk", "conv"):
            size, most = getattr(self, name), site.length
            if size > most:
                yield f"mixer {self.choice.name} has a {name} of {size} tokens, and this stack has {site}; use at most {most}"

    def convolved(self, site: Site) -> int:
        """Channels of queries, keys and values."""
        return self.all_heads(site) + 2 * self.kv * self.head(site)

    def parameters(self, site: Site) -> int:
        """All but the memory's own."""
        output = self.head(site) + self.all_heads(site) * (site.width + self.bias)
        gates = (site.width + 1) * self.kv * self.gates
        return super().parameters(site) + self.conv * self.convolved(site) + gates + output

    def layer_macs(self, site: Site, length: int) -> int:
        """All but the memory's own."""
        a_token = self.conv * self.convolved(site) + site.width * (self.all_heads(site) + self.kv * self.gates)
        return self.projection_macs(site, length) + length * a_token

    def recent_tokens(self, site: Site) -> int:
        """Numbers of the convolution's state."""
        return (self.conv - 1) * self.convolved(site)

    def wide_state_bytes(self, site: Site, length: int) -> int:
        """All but the convolution's."""
        return self.state_bytes(site, length) - 4 * self.recent_tokens(site)


@dataclass(frozen=True)
class Projected:
    """Queries (B, Hkv, T, G, d) and keys (B, Hkv, T, d) of length 1, values (B, Hkv, T, d), gates (B, Hkv, T, .) before their sigmoid."""

    q: Tensor
    k: Tensor
    v: Tensor
    gates: Tensor


class MemoryLayer(Attention):
    """Base of modules of `MemoryLayerConfig`; what memories hold and compute has at least single precision."""

    def __init__(self, config: MemoryLayerConfig, site: Site) -> None:
        super().__init__(config, site)
        channels, line = self.qkv.out_features, replace(site, grid=None)
        self.convolution = DepthwiseConvolution(channels, config.conv, line, bias=False)
        self.gates = nn.Linear(site.width, self.kv_heads * config.gates)
        self.norm = nn.RMSNorm(self.head_width, eps=1e-6)
        self.output_gate = nn.Linear(site.width, self.heads * self.head_width, bias=config.bias)
        self.gates.bias.data.unflatten(0, (self.kv_heads, config.gates))[:, config.window] = KEPT

    def projected(self, x: Tensor, recent: Recent) -> tuple[Projected, Recent]:
        """x: (B, T, D), the tokens after those of `recent`."""
        convolved, recent = self.convolution.extend(self.qkv(x), recent)
        sizes = [self.heads * self.head_width, self.kv_heads * self.head_width, self.kv_heads * self.head_width]
        q, k, v = (
            widened(part).unflatten(-1, (-1, self.head_width)).transpose(1, 2) for part in convolved.split(sizes, -1)
        )
        grouped = normalize(q, dim=-1).unflatten(1, (self.kv_heads, -1)).transpose(2, 3)
        gates = widened(self.gates(x)).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        return Projected(grouped, normalize(k, dim=-1), v, gates), recent

    def closed(self, read: Tensor, x: Tensor) -> Tensor:
        """What memories gave (B, Hkv, T, G, d), and x: (B, T, D) -> (B, T, D)."""
        heads = read.transpose(2, 3).flatten(1, 2)  # (B, H, T, d)
        normed = self.norm(heads.to(x.dtype)).transpose(1, 2).flatten(2)
        y: Tensor = self.out(normed * silu(self.output_gate(x)))
        return y

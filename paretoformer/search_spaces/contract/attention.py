"""What all attentions with queries, keys and values share: projections, heads, positions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor, nn

from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.mixer import Mixer, MixerConfig
from paretoformer.search_spaces.contract.position import MixerPosition
from paretoformer.search_spaces.contract.site import Site


@dataclass(frozen=True, kw_only=True)
class AttentionConfig(MixerConfig):
    """`heads` query heads share `kv_heads` heads of keys and values (None: as many as heads; 1: multi-query)."""

    heads: int = 4
    kv_heads: int | None = None
    bias: bool = True

    def canonical(self) -> Self:
        """kv_heads equal to heads is written None."""
        return replace(self, kv_heads=None) if self.kv_heads == self.heads else self

    @property
    def kv(self) -> int:
        """Heads of keys and values."""
        return self.kv_heads or self.heads

    def problems(self, site: Site) -> Iterator[str]:
        """Beside the capabilities: heads divide the width, kv_heads divide heads."""
        yield from super().problems(site)
        if site.width % self.heads:
            yield f"{self.heads} heads do not divide the width {site.width}"
        elif site.position is not None:
            yield from site.position.mixer_problems(self.heads, site.width // self.heads)
        if self.heads % self.kv:
            yield f"{self.kv} kv_heads do not divide {self.heads} heads"

    def parameters(self, site: Site) -> int:
        """Projections to queries, keys, values and back, and the position's part."""
        head = site.width // self.heads
        columns = site.width + 2 * self.kv * head + site.width
        position = site.position.mixer_parameters(self.heads, head) if site.position else 0
        return site.width * columns + (columns if self.bias else 0) + position

    def projection_macs(self, site: Site, length: int) -> int:
        """Multiply-accumulates of the four projections."""
        head = site.width // self.heads
        return length * site.width * (2 * site.width + 2 * self.kv * head)


class Attention(Mixer):
    """Base of attentions: `project` to heads, `merge` back."""

    def __init__(self, config: AttentionConfig, site: Site) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.heads, config.kv
        self.head_width = site.width // config.heads
        self.qkv = nn.Linear(site.width, site.width + 2 * self.kv_heads * self.head_width, bias=config.bias)
        self.out = nn.Linear(site.width, site.width, bias=config.bias)
        built = site.position.build_in_mixer(site, self.heads, self.head_width) if site.position else None
        self.position = built or MixerPosition()

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x: (B, N, D) -> queries (B, H, N, d), keys and values (B, Hkv, N, d), not yet rotated."""
        sizes = [self.heads * self.head_width, self.kv_heads * self.head_width, self.kv_heads * self.head_width]
        q, k, v = self.qkv(x).split(sizes, dim=-1)
        return self._split(q, self.heads), self._split(k, self.kv_heads), self._split(v, self.kv_heads)

    def merge(self, heads: Tensor) -> Tensor:
        """(B, H, N, d) -> (B, N, D) through the output projection."""
        merged: Tensor = self.out(heads.transpose(1, 2).flatten(2))
        return merged

    def rotated(self, x: Tensor, context: Context) -> Tensor:
        """Queries or keys (B, H, N, d) rotated to their positions where the stack's position does so."""
        return self.position.rotate(x, context.positions(x.shape[2], x.device))

    def _split(self, x: Tensor, heads: int) -> Tensor:
        return x.unflatten(-1, (heads, self.head_width)).transpose(1, 2)

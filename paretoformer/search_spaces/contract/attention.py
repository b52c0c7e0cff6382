"""What all attentions with queries, keys and values share: projections, heads, positions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor, nn

from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.mixer import Mixer, MixerConfig
from paretoformer.search_spaces.contract.position import MixerPosition
from paretoformer.search_spaces.contract.site import Site


def divisors(number: int, near: int) -> str:
    """What divides `number`, up to twice what was `near` it, for a sentence."""
    return ", ".join(str(each) for each in range(1, min(number, 2 * near) + 1) if number % each == 0)


@dataclass(frozen=True, kw_only=True)
class AttentionConfig(MixerConfig):
    """`heads` query heads share `kv_heads` heads of keys and values (None: as many as heads; 1: multi-query).

    A head has `head_width` channels (None: as many as heads share the width out to), so that all heads together may be
    wider or narrower than the stack (paper 30). `bias` is of all projections, and without `qkv_bias` of the one back alone.
    """

    heads: int = 4
    kv_heads: int | None = None
    bias: bool = True
    qkv_bias: bool = True
    head_width: int | None = None

    def canonical(self) -> Self:
        """kv_heads equal to heads is written None, and qkv_bias says nothing where there is no bias."""
        kv_heads = None if self.kv_heads == self.heads else self.kv_heads
        return replace(self, kv_heads=kv_heads, qkv_bias=self.qkv_bias or not self.bias)

    @property
    def kv(self) -> int:
        """Heads of keys and values."""
        return self.kv_heads or self.heads

    def head(self, site: Site) -> int:
        """Channels of one head."""
        return self.head_width or site.width // self.heads

    def all_heads(self, site: Site) -> int:
        """Channels of all query heads together."""
        return self.heads * self.head(site)

    def problems(self, site: Site) -> Iterator[str]:
        """Beside the capabilities: heads share the width out, kv_heads divide heads."""
        yield from super().problems(site)
        if self.head_width is None and site.width % self.heads:
            yield f"{self.heads} heads do not divide the width {site.width}; heads that do: {divisors(site.width, self.heads)}"
        elif site.position is not None:
            yield from site.position.mixer_problems(self.heads, self.head(site))
        if self.heads % self.kv:
            yield f"{self.kv} kv_heads do not divide {self.heads} heads; kv_heads that do: {divisors(self.heads, self.kv)}"

    def parameters(self, site: Site) -> int:
        """Projections to queries, keys, values and back, and the position's part."""
        head, inner = self.head(site), self.all_heads(site)
        read, written = site.memory.width if site.memory else site.width, 2 * self.kv * head
        biases = (site.width if self.bias else 0) + (inner + written if self.bias and self.qkv_bias else 0)
        position = site.position.mixer_parameters(self.heads, head) if site.position else 0
        return 2 * site.width * inner + read * written + biases + position

    def projection_macs(self, site: Site, length: int) -> int:
        """Multiply-accumulates of the four projections; keys and values are of the memory where there is one."""
        written = 2 * self.kv * self.head(site)
        read = site.memory.length * site.memory.width if site.memory else length * site.width
        return 2 * length * site.width * self.all_heads(site) + read * written

    def position_macs(self, site: Site, length: int) -> int:
        """Multiply-accumulates of the position's part."""
        return site.position.mixer_macs(self.heads, self.head(site), length) if site.position else 0


class Attention(Mixer):
    """Base of attentions: projections of what is read to heads, `merge` back.

    Built for a site with a memory, queries come from the stack's tokens (`project_queries`), keys and values from the
    memory (`project_memory`); else all three from the tokens (`project`).
    """

    def __init__(self, config: AttentionConfig, site: Site) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.heads, config.kv
        self.head_width = config.head(site)
        inner, written = self.heads * self.head_width, 2 * self.kv_heads * self.head_width
        bias = config.bias and config.qkv_bias
        if site.memory is None:
            self.qkv = nn.Linear(site.width, inner + written, bias=bias)
        else:
            self.q = nn.Linear(site.width, inner, bias=bias)
            self.kv = nn.Linear(site.memory.width, written, bias=bias)
        self.out = nn.Linear(inner, site.width, bias=config.bias)
        built = site.position.build_in_mixer(site, self.heads, self.head_width) if site.position else None
        self.placed = built is not None
        self.position = built or MixerPosition()

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x: (B, N, D) -> queries (B, H, N, d), keys and values (B, Hkv, N, d), not yet rotated."""
        sizes = [self.heads * self.head_width, self.kv_heads * self.head_width, self.kv_heads * self.head_width]
        q, k, v = self.qkv(x).split(sizes, dim=-1)
        return self._split(q, self.heads), self._split(k, self.kv_heads), self._split(v, self.kv_heads)

    def project_queries(self, x: Tensor) -> Tensor:
        """x: (B, T, D) -> queries (B, H, T, d), not yet rotated; at a site with a memory."""
        return self._split(self.q(x), self.heads)

    def project_memory(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Memory tokens (B, M, D') -> keys and values (B, Hkv, M, d), not yet rotated."""
        k, v = self.kv(tokens).chunk(2, dim=-1)
        return self._split(k, self.kv_heads), self._split(v, self.kv_heads)

    def merge(self, heads: Tensor) -> Tensor:
        """(B, H, N, d) -> (B, N, D) through the output projection."""
        merged: Tensor = self.out(heads.transpose(1, 2).flatten(2))
        return merged

    def rotated(self, x: Tensor, context: Context) -> Tensor:
        """Queries or keys (B, H, N, d) rotated to their positions where the stack's position does so."""
        return self.position.rotate(x, context.positions(x.shape[2], x.device))

    def _split(self, x: Tensor, heads: int) -> Tensor:
        return x.unflatten(-1, (heads, self.head_width)).transpose(1, 2)

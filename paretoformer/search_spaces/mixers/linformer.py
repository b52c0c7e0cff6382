"""Linformer: softmax attention to a fixed number of learned mixtures of all keys and values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from paretoformer.kernels import softmax_attention
from paretoformer.search_spaces.contract import Attention, AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.registry import register


@register("mixer", "linformer", papers=(20,), capabilities=(Capability.BIDIRECTIONAL, Capability.FIXED_LENGTH))
@dataclass(frozen=True, kw_only=True)
class LinformerConfig(AttentionConfig):
    """softmax(q (E k)^T / sqrt(d)) (F v) with learned E and F (rank, N), cut to the columns of a shorter sequence.

    `sharing` none gives each head of keys and values its own E and F; headwise gives all heads one E and one F;
    key-value gives them one E = F, as Long Range Arena's code does. One matrix for all layers is left out. Keys and
    values of padding are zero before they are mixed. Entries start normal with variance 1 / N (ours).

    Cost: projections, 2 N r D MACs to mix (times Hkv / H) and 2 N r D to attend. Longer sequences than the site's are an
    error, and there is no causal form: each mixture holds the whole sequence.
    Source: Wang et al. 2020 (arXiv 2006.04768); survey 20. A rank of 256 as the paper's own is unconfirmed.
    """

    rank: int = 256
    sharing: Literal["none", "headwise", "key-value"] = "none"

    def problems(self, site: Site) -> Iterator[str]:
        """More mixtures than tokens would cost more than softmax attention."""
        yield from super().problems(site)
        if self.rank > site.length:
            yield f"mixer linformer has rank {self.rank}, above its keys, and this stack has {site}; use at most {site.length}"

    def build(self, site: Site) -> "Linformer":
        """The attention for `site`."""
        return Linformer(self, site)

    @property
    def matrices(self) -> tuple[int, int]:
        """(1 or 2 for keys and values, heads with a matrix of their own)."""
        return 1 if self.sharing == "key-value" else 2, self.kv if self.sharing == "none" else 1

    def parameters(self, site: Site) -> int:
        """Projections of attention, and the matrices E and F."""
        kinds, heads = self.matrices
        return super().parameters(site) + kinds * heads * self.rank * site.length

    def macs(self, site: Site, length: int) -> int:
        """Projections, mixing keys and values, scores and weighted sum."""
        mixing = 2 * self.rank * length * self.kv * self.head(site)
        return self.projection_macs(site, length) + mixing + 2 * length * self.rank * self.all_heads(site)


class Linformer(Attention):
    """The module of `LinformerConfig`."""

    def __init__(self, config: LinformerConfig, site: Site) -> None:
        super().__init__(config, site)
        mix = torch.randn(*config.matrices, config.rank, site.length) * site.length**-0.5
        self.mix = nn.Parameter(mix)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D).

        Raises:
            ValueError: x has more tokens than there are columns to mix them by.
        """
        most = self.mix.shape[-1]
        if x.shape[1] > most:
            raise ValueError(f"mixer linformer was built for {most} tokens, and is given {x.shape[1]}.")
        q, k, v = self.project(x)
        valid = context.valid(x.shape[1])
        if valid is not None:
            kept = valid[:, None, :, None]
            k, v = k * kept, v * kept
        mix = self.mix.narrow(-1, 0, x.shape[1])  # (1 or 2, 1 or Hkv, r, N)
        return self.merge(softmax_attention(q, mix[0] @ k, mix[-1] @ v, causal=False))

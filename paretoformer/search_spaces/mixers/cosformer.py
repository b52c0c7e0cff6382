"""cosFormer: linear attention whose weights fall with distance as a cosine."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import pi
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import elu, relu

from paretoformer.search_spaces.contract import Capability, Context, Site
from paretoformer.search_spaces.parts.feature_attention import FeatureAttention, FeatureAttentionConfig
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "cosformer",
    papers=(17,),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.FIXED_LENGTH),
)
@dataclass(frozen=True, kw_only=True)
class CosformerConfig(FeatureAttentionConfig):
    """Weights relu(q_i) . relu(k_j) cos(pi / 2 (i - j) / M), divided by their sum; M is the longest length of the site.

    cos(a - b) = cos a cos b + sin a sin b makes it a product of features, [x sin a, x cos a] with a = pi i / (2 M). A
    shorter sequence keeps M, so that decoding and padding change no weight; the official code takes M from the batch.
    `activation` may be elu(x) + 1. `axes` other than the raster order weigh rows and columns of a grid apart, by the
    `sum` or the `product` of the two cosines, with M the grid's height and width. `prefix` lets a token read those
    before it only, in a bidirectional stack too, as the official code of paper 17 does for images.

    Cost: projections and 2 N D F (d + 1) / d MACs with F = 2 d features (4 d for two axes); decoding keeps H F (d + 1)
    numbers. A query that relu makes zero gives zeros. Longer sequences than the site's are an error.
    Source: Qin et al. 2022 (arXiv 2202.08791); paper 17, whose official code has the axes (its scale of angles is unconfirmed).
    """

    activation: Literal["relu", "elu1"] = "relu"
    axes: Literal["raster", "sum", "product"] = "raster"
    prefix: bool = False

    def problems(self, site: Site) -> Iterator[str]:
        """Two axes need a grid; a causal stack has the prefix already."""
        yield from super().problems(site)
        if self.axes != "raster" and site.grid is None:
            yield f"mixer cosformer with axes {self.axes} needs a grid, and this stack has {site}; use axes raster"
        if self.prefix and (site.causal or self.axes != "raster"):
            held = "this stack is causal without it" if site.causal else f"axes {self.axes} have no first token"
            yield f"mixer cosformer has prefix for tokens in raster order, and {held}; set prefix to false"

    def build(self, site: Site) -> "Cosformer":
        """The attention for `site`."""
        return Cosformer(self, site)

    def feature_width(self, site: Site) -> int:
        """Two waves times the head's width, or four on two axes."""
        return (2 if self.axes == "raster" else 4) * self.head(site)

    def reads_prefix(self, site: Site) -> bool:
        """In a causal stack, and where the config says so."""
        return site.causal or self.prefix


class Cosformer(FeatureAttention):
    """The module of `CosformerConfig`."""

    def __init__(self, config: CosformerConfig, site: Site) -> None:
        super().__init__(config, site)
        self.activation, self.axes, self.prefix = config.activation, config.axes, config.prefix
        self.length = site.length

    def features(self, q: Tensor, k: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """Activations (B, H, N, d) times each wave: (B, H, N, F)."""
        waves = self._waves(q, context)[:, :, None]  # (N, 2 or 4, 1)
        return self._active(q, waves), self._active(k, waves)

    def attended(
        self, projected: tuple[Tensor, Tensor, Tensor], context: Context, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """As `FeatureAttention` does, over the prefix where that is asked for."""
        return super().attended(projected, replace(context, causal=True) if self.prefix else context, state)

    def _active(self, x: Tensor, waves: Tensor) -> Tensor:
        active = relu(x) if self.activation == "relu" else elu(x) + 1
        return (active[..., None, :] * waves).flatten(-2)

    def _waves(self, like: Tensor, context: Context) -> Tensor:
        exact = torch.promote_types(like.dtype, torch.float32)
        if context.grid is not None and self.axes != "raster":
            rows, columns = (_turns(torch.arange(side, device=like.device, dtype=exact), side) for side in context.grid)
            if self.axes == "sum":
                waves = torch.cat(torch.broadcast_tensors(rows[:, None], columns), -1)
            else:
                waves = (rows[:, None, :, None] * columns[:, None, :]).flatten(-2)
            return waves.flatten(0, 1).to(like.dtype)
        if context.offset + like.shape[2] > self.length:
            given = context.offset + like.shape[2]
            raise ValueError(
                f"a cosFormer built for {self.length} tokens cannot read {given}: its weights turn negative."
            )
        return _turns(context.positions(like.shape[2], like.device).to(exact), self.length).to(like.dtype)


def _turns(positions: Tensor, most: int) -> Tensor:
    """Sine and cosine (N, 2) of positions (N,), a quarter turn for `most` of them."""
    angles = positions * (pi / (2 * most))
    return torch.stack((angles.sin(), angles.cos()), -1)

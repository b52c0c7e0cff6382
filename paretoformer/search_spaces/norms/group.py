"""Normalisation of a whole sample: one group of all channels and tokens."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paretoformer.kernels import layer_norm
from paretoformer.search_spaces.contract import Context, Norm, NormConfig, Site
from paretoformer.search_spaces.registry import register


@register("norm", "group", papers=(16,))
@dataclass(frozen=True, kw_only=True)
class GroupConfig(NormConfig):
    """(x - mean) / sqrt(variance + eps) over all valid tokens and channels of a sample, then a learned scale and, with
    `bias`, a shift for each channel.

    The follow-up of paper 16 leaves the bias out and has eps 1e-6. Source: paper 16 (modified layer normalisation).
    """

    eps: float = 1e-5
    bias: bool = True

    def build(self, site: Site) -> "Group":
        """The norm for `site`."""
        return Group(self, site)

    def parameters(self, site: Site) -> int:
        """Scale and shift."""
        return site.width * (2 if self.bias else 1)


class Group(Norm):
    """The module of `GroupConfig`."""

    def __init__(self, config: GroupConfig, site: Site) -> None:
        super().__init__()
        self.eps = config.eps
        self.weight = nn.Parameter(torch.ones(site.width))
        self.bias = nn.Parameter(torch.zeros(site.width)) if config.bias else None

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        valid = context.valid(x.shape[1])
        if valid is None:
            return self._of_all(x)
        y = self._of_valid(x, valid[..., None])
        y = y * self.weight if self.bias is None else torch.addcmul(self.bias, y, self.weight)
        return y.to(x.dtype)

    def _of_all(self, x: Tensor) -> Tensor:
        """A sample is one row of layer norm, which has the channels' scales and shifts once a token."""
        shape = x.shape[1:]
        weight, bias = (None if each is None else each.expand(shape).flatten() for each in (self.weight, self.bias))
        return layer_norm(x.flatten(1), weight, bias, self.eps).view_as(x)

    def _of_valid(self, x: Tensor, valid: Tensor) -> Tensor:
        """valid: (B, N, 1)."""
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        count = (valid.sum((1, 2), keepdim=True) * x.shape[2]).clamp_min(1)
        centred = wide - (wide * valid).sum((1, 2), keepdim=True) / count
        variance = (centred.square() * valid).sum((1, 2), keepdim=True) / count
        return centred * (variance + self.eps).rsqrt()

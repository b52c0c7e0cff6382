"""Progressive re-parameterised batch normalisation."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from paretoformer.kernels import layer_norm
from paretoformer.kernels.norms.merged import affine
from paretoformer.search_spaces.contract import Capability, Context, Norm, NormConfig, Scheduled, Site
from paretoformer.search_spaces.parts.batch_normalisation import BatchNormalisation
from paretoformer.search_spaces.registry import register


@register("norm", "prepbn", papers=(18,), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class PrepbnConfig(NormConfig):
    """In training s LN(x) + (1 - s) RepBN(x), RepBN(x) = BN(x) + alpha x; in evaluation RepBN(x) alone, whatever s.

    s falls linearly from 1 at the share `warm` of training to 0 at the share `until`; before `warm` batch statistics are not
    yet gathered. In evaluation it is one factor and one shift a channel, which fold into the next linear layer.
    `start` identity: weight 1 and alpha 1, as in the official vision models; zero: both 0, as in its language model.
    A score from before `until` is of a RepBN that is not yet ready.
    Source: paper 18 and its official code, whose 300,000 steps for DeiT are 0.8 of 300 epochs.
    """

    until: float = field(default=0.8, metadata={"most": 1.0})
    warm: float = field(default=0.0, metadata={"least": 0.0})
    start: Literal["identity", "zero"] = "identity"
    eps: float = 1e-5

    def problems(self, site: Site) -> Iterator[str]:
        """The fall takes some time."""
        yield from super().problems(site)
        if self.warm >= self.until:
            yield f"norm prepbn has warm {self.warm:g} and until {self.until:g}, and warm must come before until"

    def build(self, site: Site) -> "Prepbn":
        """The norm for `site`."""
        return Prepbn(self, site)

    def parameters(self, site: Site) -> int:
        """Scale and shift of both norms, and alpha; the running statistics are buffers."""
        return 4 * site.width + 1


class Prepbn(Norm, Scheduled):
    """The module of `PrepbnConfig`."""

    def __init__(self, config: PrepbnConfig, site: Site) -> None:
        super().__init__()
        self.until, self.warm = config.until, config.warm
        at_first = 1.0 if config.start == "identity" else 0.0
        self.layer = nn.LayerNorm(site.width, eps=config.eps)
        self.batch = BatchNormalisation(site.width, config.eps, weight=at_first)
        self.alpha = nn.Parameter(torch.full((1,), at_first))

    @property
    def share(self) -> Tensor:
        """What layer norm has of the mixture at this progress of training, ()."""
        return ((self.until - self.progress) / (self.until - self.warm)).clamp(0, 1)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        if not self.training:
            return affine(x, *self.batch.folded(self.alpha)).to(x.dtype)
        by_layer = layer_norm(x, self.layer.weight, self.layer.bias, self.layer.eps)
        by_batch = self.batch(x, context, learns=self.progress >= self.warm) + self.alpha * x
        return torch.lerp(by_batch, by_layer.to(by_batch.dtype), self.share.to(by_batch.dtype)).to(x.dtype)

"""Batch normalisation."""

from dataclasses import dataclass

from torch import Tensor

from paretoformer.search_spaces.contract import Capability, Context, Norm, NormConfig, Site
from paretoformer.search_spaces.parts.batch_normalisation import BatchNormalisation
from paretoformer.search_spaces.registry import register


@register("norm", "batch", papers=(16, 18), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class BatchConfig(NormConfig):
    """Each channel by the mean and variance of the batch's valid tokens, in evaluation by running ones.

    In evaluation it is one factor and one shift a channel; in training the samples of a batch see each other.
    Source: Ioffe and Szegedy 2015; over tokens: paper 18 and paper 16, table 5.
    """

    eps: float = 1e-5

    def build(self, site: Site) -> "Batch":
        """The norm for `site`."""
        return Batch(self, site)

    def parameters(self, site: Site) -> int:
        """Scale and shift; the running statistics are buffers."""
        return 2 * site.width


class Batch(Norm):
    """The module of `BatchConfig`."""

    def __init__(self, config: BatchConfig, site: Site) -> None:
        super().__init__()
        self.norm = BatchNormalisation(site.width, config.eps)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.norm(x, context).to(x.dtype)
        return y

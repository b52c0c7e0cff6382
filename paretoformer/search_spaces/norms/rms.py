"""Root-mean-square normalisation."""

from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.kernels import add_rms_norm, rms_norm
from paretoformer.search_spaces.contract import Capability, Context, Norm, NormConfig, Site
from paretoformer.search_spaces.registry import register


@register("norm", "rms", papers=(21,), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class RmsConfig(NormConfig):
    """x / sqrt(mean(x^2) + eps) over the channels of each token, then a learned scale.

    Source: Zhang and Sennrich 2019, eq. 4 (paper 21, section 2).
    """

    eps: float = 1e-6

    def build(self, site: Site) -> "Rms":
        """The norm for `site`."""
        return Rms(self, site)

    def parameters(self, site: Site) -> int:
        """The scale."""
        return site.width


class Rms(Norm):
    """The module of `RmsConfig`."""

    def __init__(self, config: RmsConfig, site: Site) -> None:
        super().__init__()
        self.eps = config.eps
        self.norm = nn.RMSNorm(site.width, eps=config.eps)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return rms_norm(x, self.norm.weight, self.eps)

    def of_sum(self, x: Tensor, y: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """In one pass, where there is a kernel."""
        return add_rms_norm(y, x, self.norm.weight, self.eps)

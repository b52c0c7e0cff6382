"""Layer normalisation."""

from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.kernels import add_layer_norm, layer_norm
from paretoformer.search_spaces.contract import Capability, Context, Norm, NormConfig, Site
from paretoformer.search_spaces.registry import register


@register("norm", "layer", papers=(21,), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class LayerConfig(NormConfig):
    """(x - mean) / sqrt(variance + eps) over the channels of each token, then a learned scale and, with `bias`, a shift.

    Source: Ba et al. 2016, eq. 4.
    """

    eps: float = 1e-5
    bias: bool = True

    def build(self, site: Site) -> "Layer":
        """The norm for `site`."""
        return Layer(self, site)

    def parameters(self, site: Site) -> int:
        """Scale and shift."""
        return site.width * (2 if self.bias else 1)


class Layer(Norm):
    """The module of `LayerConfig`."""

    def __init__(self, config: LayerConfig, site: Site) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(site.width, eps=config.eps, bias=config.bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return layer_norm(x, self.norm.weight, self.norm.bias, self.norm.eps)

    def of_sum(self, x: Tensor, y: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """In one pass, where there is a kernel."""
        return add_layer_norm(y, x, self.norm.weight, self.norm.bias, self.norm.eps)

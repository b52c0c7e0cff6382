"""Compressed root-mean-square normalisation of a zero-mean token that lacks its last entry."""

from dataclasses import dataclass

from torch import Tensor

from paretoformer.kernels import add_crms_norm, crms_norm
from paretoformer.search_spaces.contract import Capability, Context, Norm, NormConfig, Site
from paretoformer.search_spaces.registry import register


@register(
    "norm", "crms", papers=(21,), capabilities=(Capability.TOKEN_LOCAL, Capability.BY_CONVERSION, Capability.PACKED)
)
@dataclass(frozen=True, kw_only=True)
class CrmsConfig(NormConfig):
    """x / sqrt((sum x^2 + (sum x)^2) / (D + 1) + eps) over the channels of each token.

    The D channels are the first of a token of D + 1 whose mean is 0, so that the last one is -sum x: what comes out are the
    first D of its root-mean-square norm. No scale and no shift, which conversion folds into the next layer. A model
    with layer norms before its branches becomes one with this norm; trained from the start it would be another model.
    Source: paper 21 (CRMSNorm); eps as in its official torch code, where the JAX code has 1e-6.
    """

    eps: float = 1e-5

    def build(self, site: Site) -> "Crms":
        """The norm for `site`."""
        return Crms(self)


class Crms(Norm):
    """The module of `CrmsConfig`; it has no parameters."""

    def __init__(self, config: CrmsConfig) -> None:
        super().__init__()
        self.eps = config.eps

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return crms_norm(x, self.eps)

    def of_sum(self, x: Tensor, y: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """In one pass, where there is a kernel."""
        return add_crms_norm(y, x, self.eps)

"""No normalisation."""

from dataclasses import dataclass

from torch import Tensor

from paretoformer.search_spaces.contract import Capability, Context, Norm, NormConfig, Site
from paretoformer.search_spaces.registry import register


@register("norm", "none", papers=(16,), capabilities=(Capability.TOKEN_LOCAL, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class NoneConfig(NormConfig):
    """The branch as it is. Source: paper 16, table 5 (no norm)."""

    def build(self, site: Site) -> "NoNorm":
        """The norm for `site`."""
        return NoNorm()


class NoNorm(Norm):
    """The module of `NoneConfig`."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x -> x."""
        return x

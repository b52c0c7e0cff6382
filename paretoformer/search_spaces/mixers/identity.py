"""No mixing at all: the token itself."""

from dataclasses import dataclass

from torch import Tensor

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "identity",
    papers=(16,),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.EQUIVARIANT, Capability.PACKED),
)
@dataclass(frozen=True, kw_only=True)
class IdentityConfig(MixerConfig):
    """Mix(x) = x, the control of the MetaFormer ablation: the branch adds a normalised copy.

    Cost: none. Source: paper 16, section 4.3, table 5.
    """

    def build(self, site: Site) -> "Identity":
        """The mixer for `site`."""
        return Identity()


class Identity(Mixer):
    """The module of `IdentityConfig`; it has no state."""

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> x."""
        return x

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> None:
        """Nothing to keep."""

    def extend(self, x: Tensor, state: None, context: Context) -> tuple[Tensor, None]:
        """x: (B, T, D) -> x."""
        return x, None

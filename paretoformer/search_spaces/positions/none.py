"""No position: a bidirectional attention then sees a set."""

from dataclasses import dataclass

from paretoformer.search_spaces.contract import Capability, PositionConfig
from paretoformer.search_spaces.registry import register


@register("position", "none", papers=(6,), capabilities=(Capability.PACKED,))
@dataclass(frozen=True, kw_only=True)
class NoneConfig(PositionConfig):
    """Nothing is added anywhere. Works at any length. Source: paper 06, section 3 (NoPE)."""

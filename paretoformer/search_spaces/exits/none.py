"""No exit."""

from dataclasses import dataclass

from paretoformer.search_spaces.contract import Capability, ExitConfig
from paretoformer.search_spaces.registry import register


@register("exit", "none", papers=(22,), capabilities=(Capability.PACKED,))
@dataclass(frozen=True, kw_only=True)
class NoneConfig(ExitConfig):
    """Every block runs."""

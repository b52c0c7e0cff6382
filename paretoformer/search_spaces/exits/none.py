"""No exit."""

from dataclasses import dataclass

from paretoformer.search_spaces.contract import ExitConfig
from paretoformer.search_spaces.registry import register


@register("exit", "none", papers=(22,))
@dataclass(frozen=True, kw_only=True)
class NoneConfig(ExitConfig):
    """Every block runs."""

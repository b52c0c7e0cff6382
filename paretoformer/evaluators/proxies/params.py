"""All parameters."""

from paretoformer.evaluators.proxy import Probe, register_proxy
from paretoformer.search_spaces.counts import count


@register_proxy("params", "all parameters")
def params(probe: Probe) -> float:
    """Their number."""
    return float(count(probe.architecture, probe.task.signature).params)

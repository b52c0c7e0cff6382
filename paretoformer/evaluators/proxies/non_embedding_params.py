"""Parameters outside tables."""

from paretoformer.evaluators.proxy import Probe, register_proxy
from paretoformer.search_spaces.counts import count


@register_proxy("non-embedding-params", "parameters without tables of tokens and positions; the baseline")
def non_embedding_params(probe: Probe) -> float:
    """Their number. Source: Javaheripour et al. 2022 (LTS), which ranks decoders by it."""
    return float(count(probe.architecture, probe.task.signature).non_embedding_params)

"""How much the loss depends on each weight at the beginning."""

from paretoformer.evaluators.proxy import Probe, register_proxy


@register_proxy("snip", "sum over weights of |weight x gradient of the loss|")
def snip(probe: Probe) -> float:
    """The sum. Source: Lee et al. 2019, eq. 4; summed over a model by Abdelfattah et al. 2021, section 3.1."""
    probe.loss().backward()
    return float(
        sum((part * part.grad).abs().sum().item() for part in probe.model.parameters() if part.grad is not None)
    )

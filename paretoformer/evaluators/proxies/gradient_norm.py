"""How steep the loss is at the beginning."""

from paretoformer.evaluators.proxy import Probe, register_proxy


@register_proxy("gradient-norm", "sum over tensors of the norm of the loss's first gradient")
def gradient_norm(probe: Probe) -> float:
    """The sum of Euclidean norms. Source: Abdelfattah et al. 2021, section 3.1."""
    probe.loss().backward()
    return float(sum(part.grad.norm().item() for part in probe.model.parameters() if part.grad is not None))

"""How differently a model answers different inputs at the beginning."""

import math

import torch
from torch import Tensor, nn

from paretoformer.evaluators.proxy import Probe, register_proxy
from paretoformer.search_spaces.contract import Stem

_FLOOR = 1e-5


@register_proxy(
    "jacobian-covariance", "how little the gradients of the output by the stem's tokens correlate between examples"
)
def jacobian_covariance(probe: Probe) -> float:
    """Minus the sum of log(v + k) + 1 / (v + k) over the eigenvalues v of their correlations.

    Tokens have no gradient, so that it is taken by what the stem makes of the input. Source: Mellor et al. 2020, the first
    version's score, with its k of 1e-5.
    """
    found: list[Tensor] = []

    def leave(stem: nn.Module, given: tuple[Tensor, ...], tokens: Tensor) -> Tensor:
        if found:
            return tokens
        found.append(tokens.detach().requires_grad_())
        return found[0]

    model, batch = probe.model, probe.batch
    stem = next(module for module in model.modules() if isinstance(module, Stem))
    handle = stem.register_forward_hook(leave)
    with torch.random.fork_rng(devices=[]):
        model(batch.inputs, batch.lengths, batch.source).sum().backward()
    handle.remove()
    gradient = found[0].grad
    assert gradient is not None, "the output depends on the stem"
    rows = gradient.flatten(1).double()
    if len(rows) < 2 or bool((rows.std(1) == 0).any()):
        return math.nan
    values = torch.linalg.eigvalsh(torch.corrcoef(rows)).clamp_min(0) + _FLOOR
    return -(values.log() + 1 / values).sum().item()

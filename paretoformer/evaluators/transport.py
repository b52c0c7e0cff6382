"""Optimal transport between two sets of weighted points: the debiased Sinkhorn divergence."""

import torch
from torch import Tensor


def sinkhorn_divergence(x: Tensor, y: Tensor, x_mass: Tensor, y_mass: Tensor, *, eps: float, iterations: int) -> Tensor:
    """W(x, y) - W(x, x) / 2 - W(y, y) / 2 with the cost |x_i - y_j|^2 / 2, of every example of a batch: (B,).

    Gradients reach the points only, through the plan that is found (envelope theorem); the potentials are detached.

    Args:
        x, y: points (B, S, D) and (B, T, D); what stands at points without mass does not matter.
        x_mass, y_mass: (B, S) and (B, T), 0 for padding, 1 in sum.
        eps: strength of the entropy, in the unit of the cost.
        iterations: updates of both potentials; eps comes down from the largest cost in the first half of them.

    Source: Feydy et al. 2019, eq. 3; paper 2, section 3.2.
    """
    across, own, other = (
        transport_cost(*pair, eps=eps, iterations=iterations)
        for pair in ((x, y, x_mass, y_mass), (x, x, x_mass, x_mass), (y, y, y_mass, y_mass))
    )
    return across - own / 2 - other / 2


def transport_cost(x: Tensor, y: Tensor, x_mass: Tensor, y_mass: Tensor, *, eps: float, iterations: int) -> Tensor:
    """W(x, y) = min <P, C> + eps KL(P | x_mass y_mass), (B,), arguments as above."""
    with torch.autocast(x.device.type, enabled=False):
        x = torch.where(x_mass[..., None] > 0, x.float(), 0.0)
        y = torch.where(y_mass[..., None] > 0, y.float(), 0.0)
        squares = x.square().sum(-1)[:, :, None] + y.square().sum(-1)[:, None]
        cost = (squares / 2 - x @ y.mT).clamp_min(0)
    with torch.no_grad():
        f, g = potentials(cost, x_mass, y_mass, eps=eps, iterations=iterations)
        plan = transport_plan(cost, x_mass, y_mass, f, g, eps=eps)
        value = (f * x_mass).sum(1) + (g * y_mass).sum(1)
    moved = (plan * cost).sum((1, 2))
    return value + moved - moved.detach()


def potentials(cost: Tensor, x_mass: Tensor, y_mass: Tensor, *, eps: float, iterations: int) -> tuple[Tensor, Tensor]:
    """The dual potentials f (B, S) and g (B, T) of a cost (B, S, T), by alternating updates in the log domain."""
    log_x, log_y = x_mass.log(), y_mass.log()  # -inf without mass
    real = (x_mass[:, :, None] > 0) & (y_mass[:, None] > 0)
    widest = torch.where(real, cost, 0.0).amax((1, 2), keepdim=True).clamp_min(eps)  # (B, 1, 1)
    g = torch.zeros_like(y_mass)
    f = torch.zeros_like(x_mass)
    for step in range(iterations):
        done = min(1.0, 2 * step / iterations)
        softness = eps * (widest / eps) ** (1 - done)
        f = -softness[:, 0] * torch.logsumexp(log_y[:, None] + (g[:, None] - cost) / softness, 2)
        g = -softness[:, 0] * torch.logsumexp(log_x[:, :, None] + (f[:, :, None] - cost) / softness, 1)
    return f, g


def transport_plan(cost: Tensor, x_mass: Tensor, y_mass: Tensor, f: Tensor, g: Tensor, *, eps: float) -> Tensor:
    """How much of each x goes to each y, (B, S, T)."""
    mass: Tensor = x_mass[:, :, None] * y_mass[:, None]
    return torch.where(mass > 0, mass * ((f[:, :, None] + g[:, None] - cost) / eps).exp(), 0.0)

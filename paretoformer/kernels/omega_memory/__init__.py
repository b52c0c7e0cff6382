"""A network in each head that is trained on the last tokens while it reads: the definition, and whole chunks at once."""

from collections.abc import Callable

import torch
from torch import Tensor

from paretoformer.kernels.dispatch import Path, choose, shapes
from paretoformer.kernels.newton_schulz import newton_schulz_reference
from paretoformer.kernels.omega_memory.chunks import by_chunks
from paretoformer.kernels.omega_memory.networks import NeuralMemory, Weights
from paretoformer.kernels.omega_memory.operands import MemoryState, OmegaRule, Tokens

__all__ = ["MemoryState", "NeuralMemory", "OmegaRule", "Tokens", "omega_memory", "omega_memory_reference"]

Features = Callable[[Tensor], Tensor]
"""(..., d) -> (..., F)."""


def omega_memory(
    network: NeuralMemory, features: Features, rule: OmegaRule, tokens: Tokens, state: MemoryState
) -> tuple[Tensor, MemoryState]:
    """y_t = M_t(q_t), where the weights M of `network` take a step at each token t to map the last keys to their values.

        G_t = gradient of sum_i gamma_i |M(phi(k_i)) - v_i|^2, i = t - window + 1 .. t, at M when the chunk of t began
        inner gradient:  M_t = alpha M_{t-1} - eta G_t
        inner momentum:  S_t = theta S_{t-1} + eta G_t,   M_t = alpha M_{t-1} - S_t
        inner muon:      S_t = theta S_{t-1} + G_t,       M_t = alpha M_{t-1} - eta NS(S_t)

    alpha is the gate of retention, eta the step, theta that of momentum. Chunks begin at multiples of `rule.chunk` tokens
    from the first one on, whichever way the tokens are split over calls.
    Cost: linear in length; with muon nearly all of it is Newton-Schulz, whose batched products run at a core's peak, so
    that torch's form stays: a kernel of ours could save launches alone, on a GPU. Memory of a chunk's weights, each
    token its own.

    Args:
        features: phi. tokens: T >= 1 of them, in fp32 at least.

    Returns:
        (B, H, T, G, d), and the state after these tokens.

    Raises:
        ValueError: the shapes or devices do not fit together.

    Source: paper 19 (ATLAS), section (b), the chunk form.
    """
    if not torch.compiler.is_compiling():
        _check(rule, tokens, state)
    if choose("omega_memory", _on_gpu, tokens.k) is Path.REFERENCE:
        return omega_memory_reference(network, features, rule, tokens, state)
    return by_chunks(network, rule, tokens, features(tokens.q), features(torch.cat((state.k, tokens.k), 2)), state)


def omega_memory_reference(
    network: NeuralMemory, features: Features, rule: OmegaRule, tokens: Tokens, state: MemoryState
) -> tuple[Tensor, MemoryState]:
    """The definition, token by token; arguments as in `omega_memory`."""
    k, v = torch.cat((state.k, tokens.k), 2), torch.cat((state.v, tokens.v), 2)
    weights, base, momentum, outputs = state.weights, state.base, state.momentum, []
    for t, seen in enumerate(range(state.seen, state.seen + tokens.k.shape[2])):
        base = weights if seen % rule.chunk == 0 else base
        missing = max(0, rule.window - 1 - seen)  # nothing stands before the first token
        reach = slice(t + missing, t + rule.window)
        gamma = tokens.gamma[:, :, t, missing:, None]
        pairs = network.gradients(base, features(k[:, :, reach]), k[:, :, reach], v[:, :, reach])
        changes: Weights = tuple((gamma * column).mT @ row for column, row in pairs)
        alpha, eta = tokens.retention[:, :, t, None, None].exp(), tokens.step[:, :, t, None, None]
        if rule.inner != "muon":
            changes = tuple(eta * change for change in changes)
        if tokens.momentum is not None:
            theta = tokens.momentum[:, :, t, None, None].exp()
            momentum = changes = tuple(theta * s + g for s, g in zip(momentum, changes, strict=True))
        if rule.inner == "muon":
            changes = tuple(eta * _orthogonal(s, rule.steps) for s in momentum)
        after = tuple(alpha * w - change for w, change in zip(weights, changes, strict=True))
        q = tokens.q[:, :, t]
        outputs.append(network.read(weights if rule.reads_before else after, features(q), q))
        weights = after
    recent, seen = slice(tokens.k.shape[2], None), state.seen + tokens.k.shape[2]
    base = weights if seen % rule.chunk == 0 else base
    return torch.stack(outputs, 2), MemoryState(weights, base, momentum, k[:, :, recent], v[:, :, recent], seen)


def _orthogonal(x: Tensor, steps: int) -> Tensor:
    return newton_schulz_reference(x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7), steps)


def _on_gpu(k: Tensor) -> Path:
    """Products of matrices, which torch has."""
    return Path.TORCH


def _check(rule: OmegaRule, tokens: Tokens, state: MemoryState) -> None:
    q, k, v, gamma, fit = tokens.q, tokens.k, tokens.v, tokens.gamma, True
    fit &= k.ndim == 4 and k.shape[2] > 0 and v.shape == k.shape and q.shape[:3] + q.shape[4:] == k.shape
    fit &= gamma.shape == (*k.shape[:3], rule.window) and tokens.retention.shape == tokens.step.shape == k.shape[:3]
    if not fit:
        given = shapes(q=q, k=k, v=v, gamma=gamma, retention=tokens.retention, step=tokens.step)
        raise ValueError(
            f"an omega memory takes q (B, H, T, G, d), k and v (B, H, T, d), gamma (B, H, T, {rule.window}) and gates "
            f"(B, H, T), got {given}."
        )
    if state.k.shape != (*k.shape[:2], rule.window - 1, k.shape[3]) or state.k.device != k.device:
        raise ValueError(f"the state beside k holds {rule.window - 1} keys, got {shapes(k=k, kept=state.k)}.")

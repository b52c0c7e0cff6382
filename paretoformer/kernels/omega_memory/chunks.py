"""The Omega rule a chunk of tokens at a time."""

from dataclasses import replace

import torch
from torch import Tensor

from paretoformer.kernels.newton_schulz import newton_schulz
from paretoformer.kernels.omega_memory.networks import NeuralMemory
from paretoformer.kernels.omega_memory.operands import MemoryState, OmegaRule, Tokens
from paretoformer.kernels.omega_memory.scan import scanned


def by_chunks(
    network: NeuralMemory, rule: OmegaRule, tokens: Tokens, phi_q: Tensor, phi_k: Tensor, state: MemoryState
) -> tuple[Tensor, MemoryState]:
    """All steps of a chunk together: its gradients are of one set of weights, and what follows are sums that decay.

    Args:
        phi_q: features of the queries (B, H, T, G, F). phi_k: of the window before and the keys (B, H, window - 1 + T, F).
    """
    outputs, at, length, window = [], 0, tokens.k.shape[2], rule.window
    k, v = torch.cat((state.k, tokens.k), 2), torch.cat((state.v, tokens.v), 2)
    while at < length:
        end = min(length, at + rule.chunk - state.seen % rule.chunk)
        reach = slice(at, end + window - 1)
        pairs = k[:, :, reach], v[:, :, reach], phi_k[:, :, reach]
        y, state = _stepped(network, rule, _part(tokens, at, end), phi_q[:, :, at:end], pairs, state)
        outputs.append(y)
        at = end
    return torch.cat(outputs, 2), replace(state, k=k[:, :, length:].clone(), v=v[:, :, length:].clone())


def _part(tokens: Tokens, start: int, end: int) -> Tokens:
    """Tokens from `start` to before `end`."""
    q, k, v, retention, step, gamma = (
        t[:, :, start:end] for t in (tokens.q, tokens.k, tokens.v, tokens.retention, tokens.step, tokens.gamma)
    )
    momentum = None if tokens.momentum is None else tokens.momentum[:, :, start:end]
    return Tokens(q, k, v, retention, step, momentum, gamma)


def _stepped(
    network: NeuralMemory,
    rule: OmegaRule,
    tokens: Tokens,
    phi_q: Tensor,
    pairs: tuple[Tensor, Tensor, Tensor],
    state: MemoryState,
) -> tuple[Tensor, MemoryState]:
    """Tokens of one chunk, pairs (keys, values, features) from the window before them on -> outputs and what follows."""
    base = state.weights if state.seen % rule.chunk == 0 else state.base
    gamma = _within(tokens.gamma, state.seen)
    k, v, phi_k = pairs
    every, momenta = [], []  # of each matrix (B, H, T, rows, columns)
    for index, (column, row) in enumerate(network.gradients(base, phi_k, k, v)):
        change = (column.unfold(2, rule.window, 1) * gamma[:, :, :, None]) @ row.unfold(2, rule.window, 1).mT
        scale = -tokens.step
        if tokens.momentum is not None:
            inside = tokens.step if rule.inner == "momentum" else None
            change = scanned(change, inside, tokens.momentum, state.momentum[index])
            momenta.append(change[:, :, -1].clone())
            if rule.inner == "muon":
                change = newton_schulz(change, rule.steps)
            else:
                scale = -torch.ones_like(scale)
        every.append(scanned(change, scale, tokens.retention, state.weights[index]))
    now = tuple(weights[:, :, -1].clone() for weights in every)
    if rule.reads_before:
        before = (weights[:, :, None] for weights in state.weights)
        every = [torch.cat((one, later[:, :, :-1]), 2) for one, later in zip(before, every, strict=True)]
    y = network.read(tuple(every), phi_q, tokens.q)
    seen = state.seen + tokens.k.shape[2]
    kept = now if seen % rule.chunk == 0 else base
    return y, replace(state, weights=now, base=kept, momentum=tuple(momenta), seen=seen)


def _within(gamma: Tensor, seen: int) -> Tensor:
    """gamma (B, H, T, window), 0 where nothing stands before the first token."""
    length, window = gamma.shape[2:]
    if seen >= window - 1:
        return gamma
    places = torch.arange(length, device=gamma.device)[:, None] + torch.arange(window, device=gamma.device)
    return gamma * (places >= window - 1 - seen)

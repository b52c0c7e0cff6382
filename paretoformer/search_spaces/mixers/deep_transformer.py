"""A memory with features of all degrees: attention whose values are written by a rule, and may lie deep in a network."""

import math
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, logsigmoid, normalize, pad

from paretoformer.kernels.omega_memory.networks import gelu_slope
from paretoformer.kernels.omega_memory.scan import decays
from paretoformer.kernels.precision import without_autocast
from paretoformer.search_spaces.contract import Capability, Context, Site
from paretoformer.search_spaces.parts.convolution import Recent
from paretoformer.search_spaces.parts.memory_layer import MemoryLayer, MemoryLayerConfig, Projected
from paretoformer.search_spaces.registry import register


@register("mixer", "deep-transformer", papers=(19,), capabilities=(Capability.CAUSAL,))
@dataclass(frozen=True, kw_only=True)
class DeepTransformerConfig(MemoryLayerConfig):
    """`omega` with features phi of all degrees, phi(x) . phi(y) = exp(x . y): every key is kept, as in attention.

        memory mlp:     M(x) = x + W1 gelu(W2 phi(x)), W2 phi(x) = A x + sum_j c_j exp(k_j . x)
        memory linear:  M(x) = sum_j c_j exp(k_j . x)
        hebbian rule (DeepTransformer): at t, M gains gamma_i times the gradient of <M(phi(k_i)), v_i>, i = t - window + 1 .. t
        omega rule (Dot):               at t, M loses gamma_i times the gradient of |M(phi(k_i)) - v_i|^2

    y_t = M_t(q_t), and what M has gained is multiplied by alpha at each token. With the hebbian rule, a linear memory, window 1
    and open gates, y is attention without its divisor; `normalised` puts it in, dividing each sum over keys by the sum of its
    exponentials. Gradients are taken at M as it was when a chunk began, as in `omega`; a linear hebbian memory has no chunks.
    Not published, so ours: with the omega rule gamma is divided by chunk window e; a deep hebbian memory, whose matrices feed
    each other and would grow without end, has values of length 1, and gamma multiplied by (1 - alpha) / (window e); alpha does
    not touch the initial W1 and A; keys and queries of length 1 are not scaled.
    Cost: quadratic in length, see `macs`; decoding keeps d + 4 d numbers a token and head with an mlp, 2 d with a linear memory.
    Source: paper 19 (read second hand; there is no official code).
    """

    window: int = 1
    memory: Literal["mlp", "linear"] = "mlp"
    expansion: int = 4
    rule: Literal["hebbian", "omega"] = "hebbian"
    normalised: bool = False

    def canonical(self) -> Self:
        """A linear memory has no expansion, and with the hebbian rule no chunks."""
        own = super().canonical()
        if own.memory == "linear":
            own = replace(own, expansion=4, chunk=16 if own.rule == "hebbian" else own.chunk)
        return own

    def build(self, site: Site) -> "DeepTransformer":
        """The memory for `site`."""
        return DeepTransformer(self, site)

    def hidden(self, head: int) -> int:
        """Numbers that a key is kept with: the hidden layer's, or a value's."""
        return head if self.memory == "linear" else self.expansion * head

    def parameters(self, site: Site) -> int:
        """Beside the layer's, the initial W1 and A."""
        head = self.head(site)
        return super().parameters(site) + (2 * self.kv * head * self.hidden(head) if self.memory == "mlp" else 0)

    def macs(self, site: Site, length: int) -> int:
        """Beside the layer's, each chunk's gradients, sums over the keys before it and over its own, and its end."""
        head = self.head(site)
        begins = range(0, length, self.chunk)
        chunks = sum(self._chunk_macs(head, begin, min(self.chunk, length - begin)) for begin in begins)
        return self.layer_macs(site, length) + self.kv * chunks

    def _chunk_macs(self, head: int, before: int, tokens: int) -> int:
        """Of one memory, for `tokens` tokens after `before` others."""
        hidden, pairs, queries = self.hidden(head), tokens + self.window - 1, tokens * (self.heads // self.kv)
        row = head + hidden + self.normalised  # of one query and one key
        deep, omega = self.memory == "mlp", self.rule == "omega"
        gradients = pairs * before * row if deep or omega else 0
        gradients += pairs * head * hidden * (2 + omega) if deep else 0
        read = queries * (before + pairs) * row
        read += queries * (3 * head * hidden + pairs * (hidden + head)) if deep else 0
        ends = pairs * head * hidden if deep and tokens == self.chunk else 0
        return gradients + tokens**2 * pairs + read + ends

    def step_macs(self, site: Site, context: int) -> int:
        """Beside the layer's: gradients of the pairs that are new, the chunk's weights, reading, and perhaps its end."""
        head, begun = self.head(site), context % self.chunk
        return self.layer_macs(site, 1) + self.kv * self._token_macs(head, context - begun, begun)

    def _token_macs(self, head: int, before: int, begun: int) -> int:
        """Of one memory, for one token after `before` in ended chunks and `begun` in its own."""
        hidden, tokens, queries = self.hidden(head), begun + 1, self.heads // self.kv
        row, pairs, fresh = head + hidden + self.normalised, tokens + self.window - 1, 1 if begun else self.window
        deep, omega = self.memory == "mlp", self.rule == "omega"
        gradients = fresh * before * row if deep or omega else 0
        gradients += fresh * head * hidden * (2 + omega) if deep else 0
        read = queries * (before + pairs) * row
        read += queries * (3 * head * hidden + pairs * (hidden + head)) if deep else 0
        ends = pairs * head * hidden if deep and tokens == self.chunk else 0
        return gradients + tokens**2 * pairs + read + ends

    def state_bytes(self, site: Site, length: int) -> int:
        """Keys and what they are kept with up to the chunk; W1; pairs and gates of the chunk; the convolution's tokens."""
        head = self.head(site)
        hidden, deep = self.hidden(head), self.memory == "mlp"
        begun = length % self.chunk
        kept = (length - begun) * (head + hidden + self.normalised) + (head * hidden if deep else 0)
        pairs = (self.window - 1 + begun) * 2 * head
        if begun:
            pairs += (self.window - 1 + begun) * (hidden + self.normalised + (head + hidden if deep else 0))
            pairs += begun * (1 + self.window)
        return 4 * (self.kv * (kept + pairs) + self.recent_tokens(site))


@dataclass(frozen=True)
class Pairs:
    """Pairs of a window and a chunk, all (B, Hkv, J, .): keys, values, and what their gradients are made of.

    `rows` is what a key is kept with in W2, `column` and `hidden` make its part of W1; empty before they are known, and
    `column` and `hidden` in a linear memory.
    """

    k: Tensor
    v: Tensor
    rows: Tensor
    column: Tensor
    hidden: Tensor


@dataclass(frozen=True)
class Kept:
    """What is known after `seen` tokens, of which `folded` are in chunks that have ended.

    keys, rows: (B, Hkv, capacity, .), the first `folded` filled; first: what W1 has gained (B, Hkv, d, hidden), empty in a
    linear memory. Then the pairs of the window and the chunk, and the chunk's gates: retention (B, Hkv, T) as a logarithm,
    gamma (B, Hkv, T, window).
    """

    keys: Tensor
    rows: Tensor
    first: Tensor
    pairs: Pairs
    retention: Tensor
    gamma: Tensor
    recent: Recent
    folded: int = 0

    @property
    def seen(self) -> int:
        """All tokens."""
        return self.folded + self.retention.shape[2]


class DeepTransformer(MemoryLayer):
    """The module of `DeepTransformerConfig`."""

    def __init__(self, config: DeepTransformerConfig, site: Site) -> None:
        super().__init__(config, site)
        self.config, width, hidden = config, self.head_width, config.hidden(self.head_width)
        self.deep = config.memory == "mlp"
        if self.deep:
            self.initial_first = nn.Parameter(torch.randn(self.kv_heads, width, hidden) / hidden**0.5)
            self.initial_second = nn.Parameter(torch.randn(self.kv_heads, hidden, width) / width**0.5)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return self.extend(x, self.start(x.shape[0], 0, x, context), context)[0]

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Kept:
        """Room for the keys of all whole chunks in `capacity` tokens, more being made where it is needed; at least in fp32."""
        config, width, hidden = self.config, self.head_width, self.config.hidden(self.head_width)
        wide = torch.promote_types(like.dtype, torch.float32)

        def zeros(*shape: int) -> Tensor:
            return like.new_zeros(batch, self.kv_heads, *shape, dtype=wide)

        room, window = capacity - capacity % config.chunk, config.window - 1
        nothing = zeros(0, 0)
        return Kept(
            keys=zeros(room, width),
            rows=zeros(room, hidden + config.normalised),
            first=zeros(width, hidden) if self.deep else nothing,
            pairs=Pairs(zeros(window, width), zeros(window, width), nothing, nothing, nothing),
            retention=zeros(0),
            gamma=zeros(0, config.window),
            recent=self.convolution.start(batch, like),
        )

    def extend(self, x: Tensor, state: Kept, context: Context) -> tuple[Tensor, Kept]:
        """x: (B, T, D); room in the state is written in place."""
        projected, recent = self.projected(x, state.recent)
        state, outputs, at = replace(state, recent=recent), [], 0
        with without_autocast(x):
            while at < x.shape[1]:
                end = min(x.shape[1], at + self.config.chunk - (state.seen - state.folded))
                part = Projected(*(t[:, :, at:end] for t in (projected.q, projected.k, projected.v, projected.gates)))
                y, state = self._stepped(part, state)
                outputs.append(y)
                at = end
        return self.closed(torch.cat(outputs, 2), x), state

    def _stepped(self, tokens: Projected, state: Kept) -> tuple[Tensor, Kept]:
        """Tokens of one chunk -> outputs (B, Hkv, T, G, d) and the state after them."""
        config, fresh = self.config, tokens.k.shape[2]
        retention, gamma = self._gates(tokens.gates)
        state = replace(
            state,
            pairs=self._pairs(tokens, state),
            retention=torch.cat((state.retention, retention), 2),
            gamma=torch.cat((state.gamma, gamma), 2),
        )
        shares, decay = decays(state.retention)
        weights = shares @ self._banded(state)  # (B, Hkv, tokens of the chunk, pairs)
        y = self._read(tokens.q, decay[:, :, -fresh:], weights[:, :, -fresh:], state)
        ended = state.retention.shape[2] == config.chunk
        return y, self._folded(decay[:, :, -1], weights[:, :, -1], state) if ended else state

    def _gates(self, gates: Tensor) -> tuple[Tensor, Tensor]:
        """Retention as a logarithm (B, Hkv, T), and gamma (B, Hkv, T, window) as it is used."""
        config = self.config
        gamma, kept = gates[..., : config.window].sigmoid(), gates[..., config.window]
        if config.rule == "omega":
            gamma = gamma / (config.chunk * config.window * math.e)
        elif self.deep:
            gamma = gamma * kept.neg().sigmoid()[..., None] / (config.window * math.e)
        return logsigmoid(kept), gamma

    def _pairs(self, tokens: Projected, state: Kept) -> Pairs:
        """The chunk's pairs and those of the window before it, with gradients at the chunk's beginning."""
        old, unit = state.pairs, self.deep and self.config.rule == "hebbian"
        k = torch.cat((old.k, tokens.k), 2)
        v = torch.cat((old.v, normalize(tokens.v, dim=-1) if unit else tokens.v), 2)
        begins = state.retention.shape[2] == 0
        first = 0 if begins else old.k.shape[2]
        parts = self._gradients(k[:, :, first:], v[:, :, first:], state)
        if begins:
            return Pairs(k, v, *parts)
        return Pairs(k, v, *(torch.cat(two, 2) for two in zip((old.rows, old.column, old.hidden), parts, strict=True)))

    def _gradients(self, k: Tensor, v: Tensor, state: Kept) -> tuple[Tensor, Tensor, Tensor]:
        """`rows`, `column` and `hidden` of pairs (B, Hkv, J, d)."""
        omega = self.config.rule == "omega"
        if not self.deep:
            rows = 2 * (v - self._divided(self._sums(k, state))) if omega else v.clone()
            return self._with_one(rows), v[:, :, :0], v[:, :, :0]
        first = self.initial_first.to(k.dtype) + state.first
        inner = k @ self.initial_second.to(k.dtype).mT + self._divided(self._sums(k, state))
        hidden = gelu(inner)
        column = 2 * (v - k - hidden @ first.mT) if omega else v.clone()
        return self._with_one((column @ first) * gelu_slope(inner)), column, hidden

    def _banded(self, state: Kept) -> Tensor:
        """How much of each pair's gradient each token of the chunk adds, (B, Hkv, T, J)."""
        window, gamma = self.config.window, state.gamma
        length = gamma.shape[2]
        places = torch.arange(length, device=gamma.device)[:, None] + torch.arange(window, device=gamma.device)
        gamma = gamma * (places >= window - 1 - state.folded)  # nothing stands before the first token
        return gamma.new_zeros(*gamma.shape[:3], length + window - 1).scatter(-1, places.expand_as(gamma), gamma)

    def _read(self, q: Tensor, decay: Tensor, weights: Tensor, state: Kept) -> Tensor:
        """M_t(q_t): q (B, Hkv, T, G, d), decay since the chunk began (B, Hkv, T), weights (B, Hkv, T, J) -> as q."""
        shape, pairs = q.shape, state.pairs
        group = shape[3]
        x = q.flatten(2, 3)  # (B, Hkv, T G, d)
        decay, weights = decay.repeat_interleave(group, 2)[..., None], weights.repeat_interleave(group, 2)
        own = (weights * (x @ pairs.k.mT).exp()) @ pairs.rows
        inner = self._divided(decay * self._sums(x, state) + own)
        if not self.deep:
            return inner.view(shape)
        hidden = gelu(x @ self.initial_second.to(x.dtype).mT + inner)
        gained = (weights * (hidden @ pairs.hidden.mT)) @ pairs.column
        first = hidden @ self.initial_first.to(x.dtype).mT + decay * (hidden @ state.first.mT)
        return (x + first + gained).view(shape)

    def _sums(self, x: Tensor, state: Kept) -> Tensor:
        """Sum of what the keys of ended chunks are kept with, times exp(key . x): x (B, Hkv, J, d) -> (B, Hkv, J, .)."""
        keys, rows = state.keys[:, :, : state.folded], state.rows[:, :, : state.folded]
        return (x @ keys.mT).exp() @ rows

    def _divided(self, sums: Tensor) -> Tensor:
        return sums[..., :-1] / sums[..., -1:].clamp_min(1e-9) if self.config.normalised else sums

    def _with_one(self, rows: Tensor) -> Tensor:
        return pad(rows, (0, 1), value=1.0) if self.config.normalised else rows

    def _folded(self, decay: Tensor, weights: Tensor, state: Kept) -> Kept:
        """The state at the chunk's end: decay (B, Hkv), weights (B, Hkv, J) of its last token."""
        pairs, chunk, window = state.pairs, self.config.chunk, self.config.window
        end = state.folded + chunk
        gained = pad(weights[..., None] * pairs.rows, (0, 0, end - weights.shape[2], 0))  # cut where it begins before 0
        rows = pad(decay[..., None, None] * state.rows[:, :, : state.folded], (0, 0, 0, chunk)) + gained
        keys = pairs.k[:, :, window - 1 :]
        if state.keys.shape[2] >= end:
            state.keys[:, :, state.folded : end] = keys
            state.rows[:, :, :end] = rows
            keys, rows = state.keys, state.rows
        else:
            keys = torch.cat((state.keys[:, :, : state.folded], keys), 2)
        first = state.first
        if self.deep:
            first = decay[..., None, None] * first + (weights[..., None] * pairs.column).mT @ pairs.hidden
        k, v = (part[:, :, part.shape[2] - window + 1 :].clone() for part in (pairs.k, pairs.v))
        nothing = k[:, :, :0]
        return Kept(
            keys=keys,
            rows=rows,
            first=first,
            pairs=Pairs(k, v, nothing, nothing, nothing),
            retention=state.retention[:, :, :0],
            gamma=state.gamma[:, :, :0],
            recent=state.recent,
            folded=end,
        )

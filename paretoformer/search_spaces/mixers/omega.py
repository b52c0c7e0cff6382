"""A memory that is trained on the last tokens while it reads: the Omega rule of ATLAS."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from paretoformer.kernels.newton_schulz import newton_schulz, newton_schulz_macs
from paretoformer.kernels.precision import without_autocast
from paretoformer.search_spaces.contract import Capability, Context, Site
from paretoformer.search_spaces.parts.convolution import Recent
from paretoformer.search_spaces.parts.memory_layer import MemoryLayer, MemoryLayerConfig, Projected
from paretoformer.search_spaces.parts.neural_memory import MEMORIES, MemoryKind, NeuralMemory, Weights
from paretoformer.search_spaces.parts.polynomial import FeatureKind, PolynomialFeatures, feature_count
from paretoformer.search_spaces.registry import register

MOST_WEIGHTS = 1 << 20
"""Of one memory, each of whose tokens makes weights of its own within a chunk."""
CARRIED = 2.0
"""Initial bias of the gate of momentum: 0.88 of it is kept from token to token."""


@register("mixer", "omega", papers=(19,), capabilities=(Capability.CAUSAL,))
@dataclass(frozen=True, kw_only=True)
class OmegaConfig(MemoryLayerConfig):
    """A network M in each head takes a step at each token t, to map the last `window` keys to their values; y_t = M_t(q_t).

        G_t = gradient of sum_i gamma_i |M(phi(k_i)) - v_i|^2, i = t - window + 1 .. t
        inner gradient (OmegaNet):  M_t = alpha M_{t-1} - eta G_t
        inner momentum:             S_t = theta S_{t-1} + eta G_t,   M_t = alpha M_{t-1} - S_t
        inner muon (Atlas):         S_t = theta S_{t-1} + G_t,       M_t = alpha M_{t-1} - eta NS(S_t), `steps` of Newton-Schulz

    With `window` 1, momentum is Titans, and gradient with identity features and a linear memory a gated delta rule.
    G is taken at M as it was when a chunk of `chunk` tokens began: 1 is the recurrence itself, more is another function,
    and decoding keeps to the same chunks. `read` pre gives M_{t-1}(q_t). Query heads of a group read one memory.
    M is x + W1 gelu(W2 phi(x)) (`memory` mlp), its gated form (Atlas++), or W phi(x); phi are all monomials up to `degree`
    (or of it: homogeneous). Keys and queries have length 1; queries, keys and values pass a causal convolution of `conv`
    tokens. Gates are sigmoids of x, one a memory, gamma one for each place of the window.

    Not published, so ours: the gates' form; the scale of eta, up to 1 / (chunk window |phi|^2), with momentum (1 - theta)
    of it, with muon 1 / chunk, so that no steps on a linear memory diverge; norm and gate of the output; the window and the
    chunk. The signs are those of descent, which some of the paper's formulas do not have.
    Cost: linear in length, see `macs`; memory of `chunk` copies of M.
    Source: paper 19 (read second hand; there is no official code), its main-text form with muon and that of appendix D.4
    with momentum; Titans: Behrouz et al. 2024.
    """

    features: FeatureKind = "polynomial"
    degree: int = 2
    memory: MemoryKind = "mlp"
    expansion: int = 4
    inner: Literal["muon", "momentum", "gradient"] = "muon"
    steps: int = 5
    read: Literal["post", "pre"] = "post"

    def canonical(self) -> Self:
        """Degree, expansion and steps stay at their default where nothing has them."""
        own = super().canonical()
        return replace(
            own,
            degree=2 if own.features == "identity" else own.degree,
            expansion=4 if own.memory == "linear" else own.expansion,
            steps=own.steps if own.inner == "muon" else 5,
        )

    def problems(self, site: Site) -> Iterator[str]:
        """Nothing may be longer than the sequence, and no memory too large."""
        yield from super().problems(site)
        head = self.head(site)
        if (weights := self.network(head).size) > MOST_WEIGHTS:
            count = feature_count(self.features, self.degree, head)
            yield (
                f"mixer omega has {weights:,} weights in each memory, for {count:,} features of the {head} channels of a head; "
                f"at most {MOST_WEIGHTS:,}"
            )

    def build(self, site: Site) -> "Omega":
        """The memory for `site`."""
        return Omega(self, site)

    def network(self, width: int) -> NeuralMemory:
        """The network in each head of `width` channels."""
        return MEMORIES[self.memory](width, self.expansion * width, feature_count(self.features, self.degree, width))

    @property
    def gates(self) -> int:
        """Gates of each memory: window, retention, step, momentum."""
        return self.window + (2 if self.inner == "gradient" else 3)

    def parameters(self, site: Site) -> int:
        """Beside the layer's, coefficients of features and initial weights."""
        coefficients = self.degree + 1 if self.features == "polynomial" else 0
        return super().parameters(site) + coefficients + self.kv * self.network(self.head(site)).size

    def macs(self, site: Site, length: int) -> int:
        """Beside the layer's, the steps of each chunk."""
        head = self.head(site)
        whole, rest = divmod(length, self.chunk)
        chunks = whole * self._chunk_macs(head, self.chunk) + (self._chunk_macs(head, rest) if rest else 0)
        return self.layer_macs(site, length) + self.kv * chunks

    def step_macs(self, site: Site, context: int) -> int:
        """Beside the layer's, one step."""
        return self.layer_macs(site, 1) + self.kv * self._chunk_macs(self.head(site), 1)

    def _chunk_macs(self, head: int, tokens: int) -> int:
        """Gradients, their sums over windows, the scans over the chunk, orthogonal steps, reading; of one memory."""
        network = self.network(head)
        scans = tokens * (1 if self.inner == "gradient" else 2)
        a_token = network.size * (self.window + scans + self.heads // self.kv)
        if self.inner == "muon":
            a_token += sum(newton_schulz_macs(*shape, self.steps) for shape in network.shapes)
        return (tokens + self.window - 1) * network.gradient_macs + tokens * a_token

    def state_bytes(self, site: Site, length: int) -> int:
        """M now and, within a chunk, at its beginning; momentum; the window's and the convolution's tokens."""
        head = self.head(site)
        copies = (1 if length % self.chunk == 0 else 2) + (0 if self.inner == "gradient" else 1)
        window = 2 * self.kv * (self.window - 1) * head
        return 4 * (copies * self.kv * self.network(head).size + window + self.recent_tokens(site))

    def state_traffic(self, site: Site, context: int) -> tuple[int, int]:
        """All is read, and all that a token changes is made anew."""
        return self.state_bytes(site, context), self.state_bytes(site, context + 1)


@dataclass(frozen=True)
class Learned:
    """What a memory knows after `seen` tokens.

    Weights now, when its chunk began (the same tensors at a beginning), and momentum, (B, Hkv, rows, columns) each; the
    last window - 1 keys and values (B, Hkv, window - 1, d); the convolution's tokens.
    """

    weights: Weights
    base: Weights
    momentum: Weights
    k: Tensor
    v: Tensor
    recent: Recent
    seen: int = 0


@dataclass(frozen=True)
class Tokens:
    """Queries (B, Hkv, T, G, d), keys, values (B, Hkv, T, d); gates (B, Hkv, T), retention and momentum as logarithms.

    gamma: (B, Hkv, T, window), the oldest token first.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    retention: Tensor
    step: Tensor
    momentum: Tensor | None
    gamma: Tensor

    def part(self, start: int, end: int) -> "Tokens":
        """Tokens from `start` to before `end`."""
        q, k, v, retention, step, gamma = (
            t[:, :, start:end] for t in (self.q, self.k, self.v, self.retention, self.step, self.gamma)
        )
        momentum = None if self.momentum is None else self.momentum[:, :, start:end]
        return Tokens(q, k, v, retention, step, momentum, gamma)


class Omega(MemoryLayer):
    """The module of `OmegaConfig`."""

    def __init__(self, config: OmegaConfig, site: Site) -> None:
        super().__init__(config, site)
        self.config, width = config, self.head_width
        self.network = config.network(width)
        self.features = PolynomialFeatures(config.features, config.degree, width)
        self.initial = nn.ParameterList(
            torch.randn(self.kv_heads, rows, columns) / columns**0.5 for rows, columns in self.network.shapes
        )
        self.gates.bias.data.unflatten(0, (self.kv_heads, config.gates))[:, config.window + 2 :] = CARRIED

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return self.extend(x, self.start(x.shape[0], x.shape[1], x, context), context)[0]

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Learned:
        """The initial memory, at least in fp32; capacity does not matter."""
        wide = torch.promote_types(like.dtype, torch.float32)
        initial = tuple(weight.to(wide).expand(batch, -1, -1, -1).clone() for weight in self.initial)
        momentum = () if self.config.inner == "gradient" else tuple(torch.zeros_like(weight) for weight in initial)
        window = like.new_zeros(batch, self.kv_heads, self.config.window - 1, self.head_width, dtype=wide)
        recent = self.convolution.start(batch, like)
        return Learned(initial, initial, momentum, window, window.clone(), recent)

    def extend(self, x: Tensor, state: Learned, context: Context) -> tuple[Tensor, Learned]:
        """x: (B, T, D)."""
        projected, recent = self.projected(x, state.recent)
        tokens = self._tokens(projected)
        state, outputs, at = replace(state, recent=recent), [], 0
        with without_autocast(x):
            while at < x.shape[1]:
                end = min(x.shape[1], at + self.config.chunk - state.seen % self.config.chunk)
                y, state = self._stepped(tokens.part(at, end), state)
                outputs.append(y)
                at = end
        return self.closed(torch.cat(outputs, 2), x), state

    def _tokens(self, projected: Projected) -> Tokens:
        config = self.config
        gamma, rest = projected.gates[..., : config.window].sigmoid(), projected.gates[..., config.window :]
        momentum = None if config.inner == "gradient" else logsigmoid(rest[..., 2])
        step = rest[..., 1].sigmoid() / config.chunk
        if config.inner != "muon":
            step = step / (config.window * self.features.norm())
        if config.inner == "momentum":
            step = step * rest[..., 2].neg().sigmoid()  # 1 - theta
        return Tokens(projected.q, projected.k, projected.v, logsigmoid(rest[..., 0]), step, momentum, gamma)

    def _stepped(self, tokens: Tokens, state: Learned) -> tuple[Tensor, Learned]:
        """Tokens of one chunk -> outputs (B, Hkv, T, G, d) and the memory after them."""
        k, v = torch.cat((state.k, tokens.k), 2), torch.cat((state.v, tokens.v), 2)
        begins = state.seen % self.config.chunk == 0
        base = state.weights if begins else state.base
        pairs = self.network.gradients(base, self.features(k), k, v)
        every, momenta = [], []  # of each matrix (B, Hkv, T, rows, columns)
        for index, (column, row) in enumerate(pairs):
            gradient = self._windowed(column, row, tokens.gamma, state.seen)
            change, momentum = self._change(gradient, tokens, state.momentum[index] if state.momentum else None)
            weights = _scanned(-change, tokens.retention, state.weights[index])
            momenta += [] if momentum is None else [momentum[:, :, -1].clone()]
            every.append(weights)
        now = tuple(weights[:, :, -1].clone() for weights in every)
        if self.config.read == "pre":
            before = (weights[:, :, None] for weights in state.weights)
            every = [torch.cat((one, later[:, :, :-1]), 2) for one, later in zip(before, every, strict=True)]
        y = self.network.read(tuple(every), self.features(tokens.q), tokens.q)
        seen, recent = state.seen + tokens.k.shape[2], self.config.window - 1
        k, v = (part[:, :, part.shape[2] - recent :].clone() for part in (k, v))
        kept = now if seen % self.config.chunk == 0 else base
        return y, Learned(now, kept, tuple(momenta), k, v, state.recent, seen)

    def _windowed(self, column: Tensor, row: Tensor, gamma: Tensor, seen: int) -> Tensor:
        """Sum over each token's window of gamma times the gradients of its pairs, (B, Hkv, T, rows, columns)."""
        window, length = self.config.window, gamma.shape[2]
        if seen < window - 1:
            places = torch.arange(length, device=gamma.device)[:, None] + torch.arange(window, device=gamma.device)
            gamma = gamma * (places >= window - 1 - seen)  # nothing stands before the first token
        return (column.unfold(2, window, 1) * gamma[:, :, :, None]) @ row.unfold(2, window, 1).mT

    def _change(self, gradient: Tensor, tokens: Tokens, before: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """What each token takes off the weights, and the momentum after each."""
        step = tokens.step[..., None, None]
        if tokens.momentum is None or before is None:
            return step * gradient, None
        if self.config.inner == "momentum":
            momentum = _scanned(step * gradient, tokens.momentum, before)
            return momentum, momentum
        momentum = _scanned(gradient, tokens.momentum, before)
        return step * newton_schulz(momentum, self.config.steps), momentum


def _scanned(added: Tensor, decay: Tensor, before: Tensor) -> Tensor:
    """s_t = exp(decay_t) s_{t-1} + added_t for all t: added (.., T, rows, columns), decay (.., T), before (.., rows, columns)."""
    total = decay.cumsum(-1)
    later = torch.ones_like(total[..., None] - total[..., None, :], dtype=torch.bool).triu(1)
    weights = (total[..., None] - total[..., None, :]).masked_fill(later, -torch.inf).exp()  # (.., T, T)
    sums = (weights @ added.flatten(-2)).view_as(added)
    return sums + total.exp()[..., None, None] * before[:, :, None]

"""A memory that is trained on the last tokens while it reads: the Omega rule of ATLAS."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from paretoformer.kernels.newton_schulz import newton_schulz_macs
from paretoformer.kernels.omega_memory import MemoryState, NeuralMemory, OmegaRule, Tokens, omega_memory
from paretoformer.kernels.omega_memory.networks import MEMORIES, MemoryKind
from paretoformer.kernels.precision import without_autocast
from paretoformer.search_spaces.contract import Capability, Context, Site
from paretoformer.search_spaces.parts.convolution import Recent
from paretoformer.search_spaces.parts.memory_layer import MemoryLayer, MemoryLayerConfig, Projected
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
    def rule(self) -> OmegaRule:
        """The steps of each memory."""
        return OmegaRule(
            window=self.window,
            chunk=self.chunk,
            inner=self.inner,
            steps=self.steps,
            reads_before=self.read == "pre",
        )

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
    """What the memories of all heads know, and the convolution's tokens."""

    memory: MemoryState
    recent: Recent


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
        memory = MemoryState(initial, initial, momentum, window, window.clone())
        return Learned(memory, self.convolution.start(batch, like))

    def extend(self, x: Tensor, state: Learned, context: Context) -> tuple[Tensor, Learned]:
        """x: (B, T, D)."""
        projected, recent = self.projected(x, state.recent)
        tokens = self._tokens(projected)
        with without_autocast(x):
            y, memory = omega_memory(self.network, self.features, self.config.rule, tokens, state.memory)
        return self.closed(y, x), Learned(memory, recent)

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

"""EcoFormer: linear attention whose weights count the bits in which learned binary codes agree."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from paretoformer.kernels.hash_attention import hash_attention, hash_sums
from paretoformer.kernels.hash_attention.hashing import Pairs, learn_bits, pick_anchors, signs, similarities
from paretoformer.kernels.precision import widened, without_autocast
from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.contract.attention import divisors
from paretoformer.search_spaces.contract.position import ExactBuffers
from paretoformer.search_spaces.parts.feature_attention import (
    Sums,
    empty_sums,
    product_macs,
    step_product_macs,
)
from paretoformer.search_spaces.registry import register

SEQUENCES = 8
"""Of a batch that hash functions are learned from, at most: they have some hundred numbers a head."""


@register(
    "mixer",
    "ecoformer",
    papers=(13,),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.EQUIVARIANT),
)
@dataclass(frozen=True, kw_only=True)
class EcoformerConfig(MixerConfig):
    """Weights h_i . h_j + beta divided by their sum, with codes h of `bits` signs: affine in how many bits agree.

    Queries and keys are one projection, scaled to length 1. Its similarities exp(-|u - z|^2 / (2 sigma)) to `anchors` z,
    less their mean, are combined to bits; signs pass gradients where |y| < 1. Sigma is the sequence's mean distance, in a
    causal stack (ours) a stored one. The first forward pass of training learns anchors and bits, as in the official
    schedule of fine-tuning, from pairs among each token's `top` most and least alike, in the first 8 sequences of the batch
    (the code takes all). Until then bits are random.

    beta is the power of two above `bits`, so that it multiplies by a shift (the paper, unconfirmed), or the least that keeps
    weights positive, bits + 1 (the code). The code's numerator has beta v_i in place of beta sum_j v_j, so that its rows
    do not sum to 1: `numerator` own.

    Cost: projections 3 N D^2, codes N m (D + H b), sums 2 N (b + 1) D MACs, those with codes being additions;
    decoding keeps H (b + 1) (d + 1) numbers.
    Source: paper 13 (EcoFormer) and its official code.
    """

    heads: int = 4
    bias: bool = True
    bits: int = 16
    anchors: int = 25
    top: int = 10
    beta: Literal["power", "least"] = "power"
    numerator: Literal["sum", "own"] = "sum"

    def canonical(self) -> Self:
        """Where bits + 1 is a power of two, both values of beta are that one."""
        return replace(self, beta="power") if _power_above(self.bits) == self.bits + 1 else self

    @property
    def offset(self) -> int:
        """beta as a number."""
        return self.bits + 1 if self.beta == "least" else _power_above(self.bits)

    @property
    def feature_width(self) -> int:
        """Columns of codes that are summed: a constant one carries beta, unless each token adds its own."""
        return self.bits + (self.numerator == "sum")

    def problems(self, site: Site) -> Iterator[str]:
        """Heads divide the width; anchors and pairs are tokens."""
        yield from super().problems(site)
        if site.width % self.heads:
            that_do = divisors(site.width, self.heads)
            yield (
                f"{self.heads} heads of mixer ecoformer do not divide the width, and this stack has {site.width}; "
                f"heads that do: {that_do}"
            )
        for name, number in (("anchors", self.anchors), ("top", self.top)):
            if number > site.length:
                yield f"mixer ecoformer has {name} {number}, more than tokens, and this stack has {site}; use at most {site.length}"

    def build(self, site: Site) -> "Ecoformer":
        """The attention for `site`."""
        return Ecoformer(self, site)

    def parameters(self, site: Site) -> int:
        """Projections to what is hashed, to values, and back."""
        return 3 * (site.width**2 + (site.width if self.bias else 0))

    def macs(self, site: Site, length: int) -> int:
        """Projections, codes, and the two products of sums; weights are summed number by number."""
        head = site.width // self.heads
        codes = length * self.anchors * (head + self.bits)
        products = product_macs(length, self.feature_width, head, site.causal)
        return 3 * length * site.width**2 + self.heads * (codes + products)

    def additions(self, site: Site, length: int) -> int:
        """The products of sums, one factor of which is a code; that of the constant column, beta, is a shift."""
        return self.heads * product_macs(length, self.feature_width, site.width // self.heads, site.causal)

    def step_macs(self, site: Site, context: int) -> int:
        """One token is coded, added to the sums, and reads them."""
        head = site.width // self.heads
        return 3 * site.width**2 + self.heads * self.anchors * (head + self.bits) + self.step_additions(site, context)

    def step_additions(self, site: Site, context: int) -> int:
        """The products of sums."""
        return self.heads * step_product_macs(self.feature_width, site.width // self.heads)

    def state_bytes(self, site: Site, length: int) -> int:
        """The sum of codes times [v, 1] in each head."""
        return 4 * self.heads * self.feature_width * (site.width // self.heads + 1)

    def wide_state_bytes(self, site: Site, length: int) -> int:
        """All of it."""
        return self.state_bytes(site, length)


def _power_above(bits: int) -> int:
    return 1 << bits.bit_length()


class Ecoformer(Mixer):
    """The module of `EcoformerConfig`."""

    def __init__(self, config: EcoformerConfig, site: Site) -> None:
        super().__init__()
        self.config, self.head_width = config, site.width // config.heads
        self.qk, self.v, self.out = (nn.Linear(site.width, site.width, bias=config.bias) for _ in range(3))
        self.hash = HashFunctions(config, self.head_width)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D); in training the first pass learns the hash functions."""
        if self.training and not self.hash.is_learned():
            self.learn(x, context)
        return self._attend(x, context, None)[0]

    @torch.no_grad()
    def learn(self, x: Tensor, context: Context) -> None:
        """Learn anchors and bits anew from x: (B, N, D)."""
        lengths = None if context.lengths is None else context.lengths[:SEQUENCES]
        self.hash.learn(self._units(x[:SEQUENCES]), replace(context, lengths=lengths))

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Sums:
        """An empty sum; capacity does not matter."""
        return Sums(empty_sums(batch, self.config.heads, self.config.feature_width, self.head_width + 1, like))

    def extend(self, x: Tensor, state: Sums, context: Context) -> tuple[Tensor, Sums]:
        """x: (B, T, D)."""
        y, products = self._attend(x, context, state.products)
        assert products is not None
        return y, Sums(products)

    def _attend(self, x: Tensor, context: Context, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
        v, beta = self._heads(self.v(x)), float(self.config.offset)
        h = self.hash(self._units(x), context).to(v.dtype)
        valid, causal = context.valid(x.shape[1]), context.causal
        if self.config.numerator == "sum":
            y, state = hash_attention(h, h, v, beta=beta, causal=causal, valid=valid, state=state)
        else:
            total, divisor, state = hash_sums(h, h, v, beta=0, causal=causal, valid=valid, state=state)
            y = ((total + beta * v) / (divisor + beta * self._counts(divisor, context))).to(v.dtype)
        merged: Tensor = self.out(y.transpose(1, 2).flatten(2))
        return merged, state

    def _counts(self, like: Tensor, context: Context) -> Tensor:
        """How many tokens each token of `like` (B, H, N, d) reads, (1 or B, 1, N or 1, 1)."""
        length = like.shape[2]
        if context.causal:
            return (context.positions(length, like.device) + 1).to(like.dtype)[None, None, :, None]
        counts = like.new_full((1,), length) if context.lengths is None else context.lengths.clamp_min(1).to(like.dtype)
        return counts[:, None, None, None]

    def _units(self, x: Tensor) -> Tensor:
        """What is hashed, of length 1: (B, H, N, d), at least in fp32."""
        return normalize(widened(self._heads(self.qk(x))), dim=-1)

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.config.heads, self.head_width)).transpose(1, 2)


class HashFunctions(ExactBuffers):
    """Anchors (H, m, d), combinations (H, b, m), means (H, m) and sigma (H,), which no gradient changes."""

    anchors: Tensor
    combinations: Tensor
    centre: Tensor
    spread: Tensor
    learned: Tensor

    def __init__(self, config: EcoformerConfig, width: int) -> None:
        super().__init__()
        self.count, self.top = config.anchors, config.top
        heads, spread = config.heads, torch.full((config.heads,), 2.0)  # what random units have
        self.register_buffer("anchors", normalize(torch.randn(heads, config.anchors, width), dim=-1))
        self.register_buffer("combinations", torch.randn(heads, config.bits, config.anchors))
        self.register_buffer("centre", torch.full((heads, config.anchors), -0.5).exp())
        self.register_buffer("spread", spread)
        self.register_buffer("learned", torch.zeros((), dtype=torch.bool))

    def is_learned(self) -> bool:
        """Whether `learn` was called, before these were saved or since."""
        return bool(self.learned)

    def forward(self, units: Tensor, context: Context) -> Tensor:
        """units: (B, H, N, d) -> codes (B, H, N, b) of -1 and 1."""
        with without_autocast(units):
            distances = similarities(units, self.anchors.to(units.dtype))
            near = _near(distances, self.spread.to(units.dtype) if context.causal else _spread(distances, context))
            y = (near - self.centre.to(units.dtype)[:, None]) @ self.combinations.to(units.dtype).mT
        through = y.clamp(-1, 1)
        return signs(y) + (through - through.detach())

    def learn(self, units: Tensor, context: Context) -> None:
        """Take anchors from units (B, H, N, d), then learn the combinations."""
        with without_autocast(units):
            valid = context.valid(units.shape[2])
            anchors = pick_anchors(units, valid, self.count)
            distances = similarities(units, anchors)
            spread = _spread(distances, context)
            stored = spread.mean(0)
            near = _near(distances, stored if context.causal else spread)
            kept = torch.ones_like(near[..., :1]) if valid is None else valid[:, None, :, None].to(near.dtype)
            centre = (near * kept).sum((0, 2)) / kept.sum((0, 2)).clamp_min(1)
            pairs = Pairs.of(units, valid, self.top)
            learned = learn_bits(near - centre[:, None], pairs, valid, self.combinations.to(units.dtype))
        for name, value in (("anchors", anchors), ("combinations", learned), ("centre", centre), ("spread", stored)):
            getattr(self, name).copy_(value)
        self.learned.fill_(True)


def _spread(distances: Tensor, context: Context) -> Tensor:
    """Mean of distances (B, H, N, m) over valid tokens and anchors: (B, H)."""
    valid = context.valid(distances.shape[2])
    if valid is None:
        return distances.mean((2, 3))
    kept = valid[:, None, :, None].to(distances.dtype)
    return (distances * kept).sum((2, 3)) / (distances.shape[3] * kept.sum((2, 3)).clamp_min(1))


def _near(distances: Tensor, spread: Tensor) -> Tensor:
    """exp(-distances / (2 spread)), with a spread for each head, (H,) or (B, H)."""
    return (-distances / (2 * spread[..., None, None].clamp_min(1e-12))).exp()

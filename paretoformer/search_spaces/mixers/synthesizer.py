"""Synthesizer: attention weights that are made without comparing queries with keys."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.contract.attention import divisors
from paretoformer.search_spaces.registry import register


@register(
    "mixer",
    "synthesizer",
    papers=(15, 20),
    capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL, Capability.FIXED_LENGTH),
)
@dataclass(frozen=True, kw_only=True)
class SynthesizerConfig(MixerConfig):
    """softmax(S) v in each head, S not divided by sqrt(d).

    dense: row i of S is W2 relu(W1 x_i + b1) + b2, W1 to d numbers a head and W2 to a score for each position. random: S
    is learned and the same for every input. factorised: S = R1 R2, of `rank` columns and rows. All are made for the longest
    input; shorter ones use the scores of their tokens. A head has `head_width` channels, None: its share of the width.
    Cost: values, output and N^2 A MACs, A = H d, and for S N A (D + N), nothing, or H N^2 rank; decoding keeps N A values.
    Source: Tay et al. 2021 (Synthesizer), dense, random and factorised random (papers 15, 20). Defaults are those of the
    Long-Range Arena's code; the paper's own rank could not be confirmed. Mixtures with q k^T, factorised dense scores and
    random scores that are never trained are left out.
    """

    heads: int = 4
    head_width: int | None = None
    kind: Literal["factorised", "dense", "random"] = "factorised"
    rank: int = 32
    bias: bool = True

    def canonical(self) -> Self:
        """Only factorised scores have a rank."""
        return self if self.kind == "factorised" else replace(self, rank=type(self).rank)

    def problems(self, site: Site) -> Iterator[str]:
        """Heads divide the width, and factors have fewer numbers than what they make."""
        yield from super().problems(site)
        if self.head_width is None and site.width % self.heads:
            that_do = divisors(site.width, self.heads)
            yield f"mixer synthesizer has {self.heads} heads, and they do not divide the width {site.width}; heads that do: {that_do}"
        if self.kind == "factorised" and 2 * self.rank > site.length:
            yield (
                f"mixer synthesizer has factors of rank {self.rank}, and the scores of {site} have fewer numbers; "
                f"rank is at most {site.length // 2}, or kind random"
            )

    def inner(self, site: Site) -> int:
        """Channels of all heads together."""
        return self.heads * (self.head_width or site.width // self.heads)

    def build(self, site: Site) -> "Synthesizer":
        """The mixer for `site`."""
        return Synthesizer(self, site)

    def parameters(self, site: Site) -> int:
        """Values, output, and what makes the scores."""
        inner = self.inner(site)
        written = inner * (site.width + self.bias)
        projections = written + site.width * (inner + self.bias)
        if self.kind == "dense":
            return projections + written + (inner + self.bias * self.heads) * site.length
        return projections + self.heads * site.length * (site.length if self.kind == "random" else 2 * self.rank)

    def macs(self, site: Site, length: int) -> int:
        """Values, output, scores and weighted sum; the causal form is counted in full, as it is computed."""
        inner = self.inner(site)
        made = {
            "dense": length * inner * (site.width + length),
            "random": 0,
            "factorised": self.heads * length**2 * self.rank,
        }
        return 2 * length * site.width * inner + length**2 * inner + made[self.kind]

    def step_macs(self, site: Site, context: int) -> int:
        """One token's value, output and scores for all up to itself."""
        inner = self.inner(site)
        made = {
            "dense": inner * (site.width + context + 1),
            "random": 0,
            "factorised": self.heads * (context + 1) * self.rank,
        }
        return 2 * site.width * inner + (context + 1) * inner + made[self.kind]

    def state_bytes(self, site: Site, length: int) -> int:
        """The values."""
        return 4 * length * self.inner(site)


@dataclass(frozen=True)
class Values:
    """Values (B, H, capacity, d), of which the first `seen` are filled."""

    v: Tensor
    seen: int = 0


class Synthesizer(Mixer):
    """The module of `SynthesizerConfig`."""

    def __init__(self, config: SynthesizerConfig, site: Site) -> None:
        super().__init__()
        heads, inner, most = config.heads, config.inner(site), site.length
        self.heads, self.head_width, self.most, self.kind = heads, inner // heads, most, config.kind
        self.value = nn.Linear(site.width, inner, bias=config.bias)
        self.out = nn.Linear(inner, site.width, bias=config.bias)
        if config.kind == "dense":
            self.hidden = nn.Linear(site.width, inner, bias=config.bias)
            self.scores = nn.Parameter(torch.randn(heads, self.head_width, most) / self.head_width**0.5)
            self.score_bias = nn.Parameter(torch.zeros(heads, 1, most)) if config.bias else None
        elif config.kind == "random":
            self.scores = nn.Parameter(torch.randn(heads, most, most))
        else:
            self.rows = nn.Parameter(torch.randn(heads, most, config.rank) / config.rank**0.5)
            self.columns = nn.Parameter(torch.randn(heads, config.rank, most))

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D).

        Raises:
            ValueError: there are more tokens than there are scores for.
        """
        return self._mixed(x, self._split(self.value(x)), 0, context)

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Values:
        """Room for `capacity` values."""
        return Values(like.new_zeros(batch, self.heads, capacity, self.head_width))

    def extend(self, x: Tensor, state: Values, context: Context) -> tuple[Tensor, Values]:
        """x: (B, T, D); the state's tensor is written in place."""
        end = state.seen + x.shape[1]
        state.v[:, :, state.seen : end] = self._split(self.value(x))
        return self._mixed(x, state.v[:, :, :end], state.seen, context), Values(state.v, end)

    def _mixed(self, x: Tensor, v: Tensor, first: int, context: Context) -> Tensor:
        """Tokens x (B, T, D), the last T of N, weigh values v (B, H, N, d): (B, T, D)."""
        end = v.shape[2]
        if end > self.most:
            raise ValueError(f"mixer synthesizer was built for {self.most} tokens, and is given {end}.")
        scores, valid = self._scores(x, first, end), context.valid(end)
        scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
        if valid is None and not context.causal:
            weights = scores.softmax(-1)
        else:
            seen = torch.ones(end - first, end, dtype=torch.bool, device=x.device)
            seen = seen.tril(first) if context.causal else seen
            seen = seen if valid is None else seen & valid[:, None, None]
            weights = scores.masked_fill(~seen, torch.finfo(scores.dtype).min).softmax(-1).masked_fill(~seen, 0.0)
        y: Tensor = self.out((weights.to(v.dtype) @ v).transpose(1, 2).flatten(2))
        return y

    def _scores(self, x: Tensor, first: int, end: int) -> Tensor:
        """The scores of tokens `first` to `end` for all up to `end`, (B or 1, H, T, end)."""
        if self.kind == "random":
            return self.scores[None, :, first:end, :end]
        if self.kind == "factorised":
            return (self.rows[:, first:end] @ self.columns[..., :end])[None]
        scores = self._split(relu(self.hidden(x))) @ self.scores[..., :end]
        return scores if self.score_bias is None else scores + self.score_bias[..., :end]

    def _split(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, H, N, d)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

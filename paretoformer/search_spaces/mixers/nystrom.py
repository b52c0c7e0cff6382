"""Nystromformer: softmax attention through landmarks, by the Nystrom method."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from paretoformer.kernels import softmax_attention
from paretoformer.kernels.precision import widened, without_autocast
from paretoformer.search_spaces.contract import Attention, AttentionConfig, Capability, Context, Site
from paretoformer.search_spaces.registry import register


@register("mixer", "nystrom", papers=(20,), capabilities=(Capability.BIDIRECTIONAL,))
@dataclass(frozen=True, kw_only=True)
class NystromConfig(AttentionConfig):
    """softmax(Q K~) A^+ (softmax(Q~ K) V) with A = softmax(Q~ K~), scores over sqrt(d), plus a convolution of V.

    Q~ and K~ are the means of `landmarks` segments of consecutive tokens; segments differ by one token at most, the
    longer ones first, so that no length needs padding. A^+ comes from `iterations` of Z (13 I - A Z (15 I - A Z (7 I -
    A Z))) / 4 in fp32, from A^T over its largest row and column sums. The official code may take these over the whole
    batch, which lets samples see each other; here they are each matrix's own. A sequence of no more tokens than
    landmarks gets softmax attention. `kernel` tokens of each head's values are convolved (depthwise, no bias); 0: none.

    Cost: projections, 4 N m D + 2 m^2 D + 4 m^3 H MACs an iteration, N D kernel; no causal form, since landmarks hold
    later tokens.
    Source: Xiong et al. 2021 (arXiv 2102.03902) and its official code, whose Long Range Arena has kernels of 35; survey 20.
    """

    landmarks: int = 64
    iterations: int = 6
    kernel: int = field(default=35, metadata={"least": 0})

    def problems(self, site: Site) -> Iterator[str]:
        """No more landmarks than tokens; the kernel has a centre and is no wider than what it slides over."""
        yield from super().problems(site)
        if self.landmarks > site.length:
            yield f"mixer nystrom has {self.landmarks} landmarks, more than tokens, and this stack has {site}; use at most {site.length}"
        if self.kernel % 2 == 0 and self.kernel:
            yield f"mixer nystrom has a kernel of {self.kernel} without a centre, and tokens are read on both sides; use an odd one"
        if self.kernel > 2 * site.length - 1:
            most = 2 * site.length - 1
            yield f"mixer nystrom has a kernel of {self.kernel}, and this stack has {site}; use at most {most}"

    def build(self, site: Site) -> "Nystrom":
        """The attention for `site`."""
        return Nystrom(self, site)

    def parameters(self, site: Site) -> int:
        """Projections, and the taps of each head of values."""
        return super().parameters(site) + self.kv * self.kernel

    def macs(self, site: Site, length: int) -> int:
        """Projections, three softmaxes, the inverse, the convolution; softmax attention for few tokens."""
        m, width, head = self.landmarks, self.all_heads(site), self.head(site)
        own = self.projection_macs(site, length) + length * self.kv * head * self.kernel
        if length <= m:
            return own + 2 * length**2 * width
        return own + 4 * length * m * width + 2 * m**2 * width + 4 * self.iterations * m**3 * self.heads


class Nystrom(Attention):
    """The module of `NystromConfig`."""

    def __init__(self, config: NystromConfig, site: Site) -> None:
        super().__init__(config, site)
        self.landmarks, self.iterations = config.landmarks, config.iterations
        size, heads = (config.kernel, 1), self.kv_heads
        self.near = None
        if config.kernel:
            self.near = nn.Conv2d(heads, heads, size, padding=(config.kernel // 2, 0), groups=heads, bias=False)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        q, k, v = self.project(x)
        repeats, valid = self.heads // self.kv_heads, context.valid(x.shape[1])
        if valid is not None:
            v = v * valid[:, None, :, None]
        near = None if self.near is None else self.near(v).repeat_interleave(repeats, 1)
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        few = self.landmarks
        if x.shape[1] <= few:
            y = softmax_attention(q, k, v, causal=False, valid=valid)
        else:
            y = self._by_landmarks(q, k, v, context)
            if valid is not None and context.lengths is not None:
                short = softmax_attention(
                    q[:, :, :few], k[:, :, :few], v[:, :, :few], causal=False, valid=valid[:, :few]
                )
                short = pad(short, (0, 0, 0, x.shape[1] - few))
                y = torch.where((context.lengths <= few)[:, None, None, None], short, y)
        return self.merge(y if near is None else y + near)

    def _by_landmarks(self, q: Tensor, k: Tensor, v: Tensor, context: Context) -> Tensor:
        if context.lengths is None:
            few_q, few_k = segment_means(q, self.landmarks), segment_means(k, self.landmarks)
        else:
            shares = segment_shares(context.lengths, q, self.landmarks)[:, None]
            few_q, few_k = shares @ q, shares @ k
        read = softmax_attention(few_q, k, v, causal=False, valid=context.valid(q.shape[2]))
        with without_autocast(q):
            among = (widened(few_q) @ widened(few_k).mT / self.head_width**0.5).softmax(-1)
            read = (pseudo_inverse(among, self.iterations) @ widened(read)).to(q.dtype)
        return softmax_attention(q, few_k, read, causal=False)


def segment_means(x: Tensor, segments: int) -> Tensor:
    """x: (B, H, N, d) -> means (B, H, segments, d) of consecutive tokens, N mod segments ones of one token more first."""
    size, longer = x.shape[2] // segments, x.shape[2] % segments
    split = longer * (size + 1)
    first = x[:, :, :split].unflatten(2, (longer, size + 1)).mean(3)
    rest = x[:, :, split:].unflatten(2, (segments - longer, size)).mean(3)
    return torch.cat((first, rest), 2)


def segment_shares(lengths: Tensor, like: Tensor, segments: int) -> Tensor:
    """What each token of `like` (B, H, N, d) gives to the means of `segment_means` in sequences of lengths (B,): (B, segments, N)."""
    size, longer = (lengths // segments)[:, None], (lengths % segments)[:, None]
    edges = torch.arange(segments + 1, device=lengths.device)
    edges = edges * size + torch.minimum(edges, longer)  # (B, segments + 1)
    tokens = torch.arange(like.shape[2], device=lengths.device)
    inside = (tokens >= edges[:, :-1, None]) & (tokens < edges[:, 1:, None])
    return inside.to(like.dtype) / edges.diff(dim=1)[..., None].clamp_min(1)


def pseudo_inverse(x: Tensor, iterations: int) -> Tensor:
    """Moore-Penrose inverse of nonnegative matrices (..., m, m), by an iteration of third order."""
    identity = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    z = x.mT / (x.sum(-1).amax(-1) * x.sum(-2).amax(-1))[..., None, None]
    for _ in range(iterations):
        product = x @ z
        z = z @ (13 * identity - product @ (15 * identity - product @ (7 * identity - product))) / 4
    return z

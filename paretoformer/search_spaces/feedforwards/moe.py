"""A mixture of experts: each token goes through the few feed-forwards that a router picks for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from paretoformer.kernels.experts import through_experts
from paretoformer.search_spaces.contract import Auxiliary, Capability, Context, FeedForward, FeedForwardConfig, Site
from paretoformer.search_spaces.registry import register


@register(
    "feedforward",
    "moe",
    papers=(10, 20),
    capabilities=(Capability.TOKEN_LOCAL, Capability.DATA_COST, Capability.PACKED),
)
@dataclass(frozen=True, kw_only=True)
class MoeConfig(FeedForwardConfig):
    """sum of g_e W2_e gelu(W1_e x) over the `active` of `experts` that have the largest p = softmax(Wr x).

    g is p divided by its sum over those that are active, and p itself where one is. No expert is ever full: a token's output
    depends on that token alone. In training a loss keeps the choice even, `balance` times experts times the sum over experts
    of the share of choices that fall on one and its mean p; padding takes no part.
    Cost: N D experts + 2 N active D hidden MACs whatever is chosen; how fast they go and what memory they take at once
    depends on how even the choice is.
    Source: Shazeer et al. 2017, section 2, without noise; one active: Fedus et al. 2022, eq. 2, and the loss, eq. 4-6; more
    than one: Lepikhin et al. 2021, algorithm 1, without a capacity (surveys 10 and 20).
    """

    experts: int = field(default=8, metadata={"least": 2})
    active: int = 2
    ratio: float = 4.0
    balance: float = field(default=0.01, metadata={"least": 0.0})

    def hidden(self, site: Site) -> int:
        """Hidden width of one expert, at least 1."""
        return max(1, round(self.ratio * site.width))

    def problems(self, site: Site) -> Iterator[str]:
        """There are as many experts as are active, and a choice among them."""
        yield from super().problems(site)
        if self.active > self.experts:
            yield f"feedforward moe has {self.experts} experts, and {self.active} cannot be active; use at most {self.experts}"

    def build(self, site: Site) -> "Moe":
        """The feed-forward for `site`."""
        return Moe(self, site)

    def parameters(self, site: Site) -> int:
        """The router and every expert's two layers."""
        return self.experts * site.width * (1 + 2 * self.hidden(site))

    def macs(self, site: Site, length: int) -> int:
        """The router, and both layers of the active experts."""
        return length * site.width * (self.experts + 2 * self.active * self.hidden(site))

    def weights_read(self, site: Site, tokens: int) -> int:
        """The router, and as many experts as there are choices of them."""
        return site.width * (self.experts + 2 * min(self.experts, tokens * self.active) * self.hidden(site))


class Moe(FeedForward, Auxiliary):
    """The module of `MoeConfig`."""

    def __init__(self, config: MoeConfig, site: Site) -> None:
        super().__init__()
        self.active, self.balance = config.active, config.balance
        width, hidden = site.width, config.hidden(site)
        self.router = nn.Linear(width, config.experts, bias=False)
        self.up = nn.Parameter(torch.empty(config.experts, width, hidden).uniform_(-(width**-0.5), width**-0.5))
        self.down = nn.Parameter(torch.empty(config.experts, hidden, width).uniform_(-(hidden**-0.5), hidden**-0.5))

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D); leaves a loss in training."""
        tokens = x.flatten(0, 1)
        wide = torch.promote_types(x.dtype, torch.float32)
        shares = linear(tokens.to(wide), self.router.weight.to(wide)).softmax(-1)  # (B * N, experts)
        gates, chosen = shares.topk(self.active)
        if self.active > 1:
            gates = gates / gates.sum(-1, keepdim=True)
        if self.training:
            self.leave(self.balance * _unevenness(shares, chosen, context.valid(x.shape[1])))
        rows = tokens.repeat_interleave(self.active, 0)
        y = through_experts(rows, chosen.flatten(), self.up, self.down).unflatten(0, chosen.shape)
        return (y * gates[..., None].to(y.dtype)).sum(1).view_as(x)


def _unevenness(shares: Tensor, chosen: Tensor, valid: Tensor | None) -> Tensor:
    """shares: (T, experts), chosen: (T, active) -> 1 where all experts are chosen equally often, more where they are not."""
    experts = shares.shape[1]
    picked = (chosen[..., None] == torch.arange(experts, device=chosen.device)).any(1)  # (T, experts)
    kept = torch.ones_like(shares[:, :1]) if valid is None else valid.reshape(-1, 1).to(shares.dtype)
    tokens = kept.sum().clamp_min(1)
    falls, mean = (picked * kept).sum(0) / (tokens * chosen.shape[1]), (shares * kept).sum(0) / tokens
    return experts * (falls * mean).sum()

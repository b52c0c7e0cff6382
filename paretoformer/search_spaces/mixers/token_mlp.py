"""Linear layers over the tokens instead of the channels."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.registry import register


@register("mixer", "token-mlp", papers=(16,), capabilities=(Capability.BIDIRECTIONAL, Capability.FIXED_LENGTH))
@dataclass(frozen=True, kw_only=True)
class TokenMlpConfig(MixerConfig):
    """W x over the tokens, shared by the channels; with `hidden` it is W2 gelu(W1 x), up to so many numbers and back.

    Weights are for the longest input; shorter ones use the rows and columns of their tokens.
    Cost: N^2 D MACs, or 2 N hidden D. Source: paper 16, table 5 (SpatialFC, no bias); with `hidden` and `bias` the
    token-mixing layer of MLP-Mixer (Tolstikhin et al. 2021, eq. 1).
    """

    hidden: int | None = None
    bias: bool = False

    def build(self, site: Site) -> "TokenMlp":
        """The mixer for `site`."""
        return TokenMlp(self, site)

    def parameters(self, site: Site) -> int:
        """One or two layers."""
        rows = site.length if self.hidden is None else 2 * self.hidden
        biases = site.length + (self.hidden or 0) if self.bias else 0
        return rows * site.length + biases

    def macs(self, site: Site, length: int) -> int:
        """One or two layers."""
        rows = length if self.hidden is None else 2 * self.hidden
        return rows * length * site.width


class TokenMlp(Mixer):
    """The module of `TokenMlpConfig`."""

    def __init__(self, config: TokenMlpConfig, site: Site) -> None:
        super().__init__()
        between = config.hidden
        self.up = None if between is None else nn.Linear(site.length, between, bias=config.bias)
        self.down = nn.Linear(site.length if between is None else between, site.length, bias=config.bias)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D).

        Raises:
            ValueError: there are more tokens than the layers have weights for.
        """
        length = x.shape[1]
        if length > self.down.out_features:
            raise ValueError(f"mixer token-mlp was built for {self.down.out_features} tokens, and is given {length}.")
        valid = context.valid(length)
        x = x if valid is None else x * valid[..., None]
        weight, bias = self.down.weight[:length], self.down.bias
        if self.up is None:
            weight = weight[:, :length]
        else:
            x = gelu(_over_tokens(self.up.weight[:, :length], self.up.bias, x))
        return _over_tokens(weight, None if bias is None else bias[:length], x)


def _over_tokens(weight: Tensor, bias: Tensor | None, x: Tensor) -> Tensor:
    """weight: (M, N), bias: (M,), x: (B, N, D) -> (B, M, D)."""
    y = torch.matmul(weight, x)
    return y if bias is None else y + bias[:, None]

"""Mixing by one random matrix, frozen or trained."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.registry import register


@register("mixer", "random", papers=(16,), capabilities=(Capability.BIDIRECTIONAL, Capability.FIXED_LENGTH))
@dataclass(frozen=True, kw_only=True)
class RandomConfig(MixerConfig):
    """A x with A = softmax(R), R of uniform numbers from 0 to 1: the same weights for every input and channel.

    A is drawn for the longest input, stays as it is drawn and counts as parameters. Where it is `trained`, it is made from R
    each time and training moves R; that form is ours. Shorter inputs take the weights among their own tokens, so that rows
    sum to 1 at any length. Cost: N^2 D MACs, and N^2 numbers kept for each layer. Source: paper 16, table 5.
    """

    trained: bool = False

    def build(self, site: Site) -> "RandomMixing":
        """The mixer for `site`."""
        return RandomMixing(self, site)

    def parameters(self, site: Site) -> int:
        """The matrix."""
        return site.length**2

    def macs(self, site: Site, length: int) -> int:
        """The product with the matrix."""
        return length**2 * site.width


class RandomMixing(Mixer):
    """The module of `RandomConfig`."""

    def __init__(self, config: RandomConfig, site: Site) -> None:
        super().__init__()
        scores = torch.rand(site.length, site.length)
        self.matrix = nn.Parameter(scores if config.trained else scores.softmax(-1), requires_grad=config.trained)
        self.trained = config.trained

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D).

        Raises:
            ValueError: there are more tokens than the matrix has rows.
        """
        length = x.shape[1]
        if length > len(self.matrix):
            raise ValueError(f"mixer random was built for {len(self.matrix)} tokens, and is given {length}.")
        weights, valid = self._weights(length), context.valid(length)
        if valid is None:
            return weights @ x
        total = (weights * valid[:, None, :]).sum(-1, keepdim=True)  # (B, N, 1), what the valid tokens have of each row
        return (weights @ (x * valid[..., None])) / total.clamp_min(torch.finfo(x.dtype).tiny)

    def _weights(self, length: int) -> Tensor:
        """(N, N), rows sum to 1."""
        weights = self.matrix[:length, :length]
        if self.trained:
            return weights.softmax(-1)
        return weights if length == len(self.matrix) else weights / weights.sum(-1, keepdim=True)

"""Leaving a stack once a block changes little."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Capability, Context, Exit, ExitConfig, Site
from paretoformer.search_spaces.registry import register


@register("exit", "similarity", papers=(22,), capabilities=(Capability.DATA_COST, Capability.PACKED))
@dataclass(frozen=True, kw_only=True)
class SimilarityConfig(ExitConfig):
    """Blocks are left out once the cosine between a block's input and output, all valid tokens of the batch in one vector,
    is above the module's `threshold`. That starts at 1, where no block is left out, and is set on trained models.

    In training and in decoding every block runs. Source: paper 22, section 3.2, as its code has it.
    """

    def build(self, site: Site) -> "Similarity":
        """The module for `site`."""
        return Similarity()


class Similarity(Exit):
    """The module of `SimilarityConfig`."""

    def __init__(self) -> None:
        super().__init__()
        self.threshold = 1.0

    def leaves(self, before: Tensor, after: Tensor, context: Context) -> bool:
        """before, after: (B, N, D)."""
        if self.threshold >= 1.0:
            return False
        valid = context.valid(before.shape[1])
        if valid is not None:
            before, after = (torch.where(valid[..., None], x, 0.0) for x in (before, after))
        cosine = torch.cosine_similarity(before.flatten().float(), after.flatten().float(), dim=0)
        return bool(cosine > self.threshold)

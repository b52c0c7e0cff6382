"""Exits: whether a stack may be left before its last block."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.search_spaces.contract.config import ChoiceConfig
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.site import Site


@dataclass(frozen=True, kw_only=True)
class ExitConfig(ChoiceConfig):
    """Config of an exit."""

    def build(self, site: Site) -> "Exit | None":
        """The module for `site`, None where no block is ever left out."""
        return None


class Exit(nn.Module, ABC):
    """Asked after every block but the last, in evaluation, when a stack runs whole sequences."""

    @abstractmethod
    def leaves(self, before: Tensor, after: Tensor, context: Context) -> bool:
        """Whether the blocks that follow are left out, given a block's input and output (B, N, D)."""

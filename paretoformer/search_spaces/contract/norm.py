"""Normalisation of a branch's input or output."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.config import ChoiceConfig, those_with
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.site import Site


@dataclass(frozen=True, kw_only=True)
class NormConfig(ChoiceConfig):
    """Config of a normalisation."""

    def build(self, site: Site) -> "Norm":
        """The module for `site`."""
        raise NotImplementedError

    def problems(self, site: Site) -> Iterator[str]:
        """A causal stack needs norms that are local to a token."""
        if site.causal and Capability.TOKEN_LOCAL not in self.choice.capabilities:
            others = those_with(NormConfig, Capability.TOKEN_LOCAL)
            yield f"norm {self.choice.name} mixes tokens, and this stack is causal; {others}"


class Norm(nn.Module, ABC):
    """(B, N, D) -> (B, N, D); knows padding through the context."""

    @abstractmethod
    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""

    def of_sum(self, x: Tensor, y: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """(the norm of x + y, x + y), both (B, N, D)."""
        total = x + y
        return self(total, context), total

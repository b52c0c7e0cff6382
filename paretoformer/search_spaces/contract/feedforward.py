"""Feed-forwards: modules that work on each token, usually alone."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.config import ChoiceConfig, those_with
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.site import Site


@dataclass(frozen=True, kw_only=True)
class FeedForwardConfig(ChoiceConfig):
    """Config of a feed-forward."""

    def build(self, site: Site) -> "FeedForward":
        """The module for `site`."""
        raise NotImplementedError

    def problems(self, site: Site) -> Iterator[str]:
        """A causal stack needs feed-forwards that are local to a token."""
        if site.causal and Capability.TOKEN_LOCAL not in self.choice.capabilities:
            others = those_with(FeedForwardConfig, Capability.TOKEN_LOCAL)
            yield f"feedforward {self.choice.name} mixes tokens, and this stack is causal; {others}"


class FeedForward(nn.Module, ABC):
    """(B, N, D) -> (B, N, D)."""

    @abstractmethod
    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""

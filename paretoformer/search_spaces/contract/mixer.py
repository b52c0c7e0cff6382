"""Token mixers: modules through which tokens see each other."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from paretoformer.search_spaces.contract.capabilities import Capability
from paretoformer.search_spaces.contract.config import ChoiceConfig, those_with
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.site import Site

State = Any
"""A mixer's decoding state: a frozen dataclass of tensors. An `extend` consumes the state it is given."""


@dataclass(frozen=True, kw_only=True)
class MixerConfig(ChoiceConfig):
    """Config of a token mixer."""

    def build(self, site: Site) -> "Mixer":
        """The module for `site`, freshly initialised from torch's global generator."""
        raise NotImplementedError

    def wide_state_bytes(self, site: Site, length: int) -> int:
        """Those of `state_bytes` that are fp32 in narrower precisions too: running sums, which need it."""
        return 0

    def state_traffic(self, site: Site, context: int) -> tuple[int, int]:
        """Bytes of fp32 state that decoding one token after `context` others reads and writes.

        By default all is read, and what it grows by is written; all of it, where it does not grow.
        """
        before, after = self.state_bytes(site, context), self.state_bytes(site, context + 1)
        return before, after - before if after > before else after

    def problems(self, site: Site) -> Iterator[str]:
        """What the capabilities say; a mixer with more limits adds its own sentences."""
        able, name = self.choice.capabilities, self.choice.name
        if site.memory is not None:
            if Capability.CROSS not in able:
                others = those_with(MixerConfig, Capability.CROSS)
                yield f"mixer {name} reads its own tokens only, and a cross branch reads a memory; {others}"
        elif site.causal and site.block > 1 and Capability.BLOCK_CAUSAL not in able:
            others = those_with(MixerConfig, Capability.BLOCK_CAUSAL)
            yield f"mixer {name} is not causal by blocks, and this stack has blocks of {site.block} tokens; {others}"
        elif site.causal and Capability.CAUSAL not in able:
            yield f"mixer {name} is bidirectional, and this stack is causal; {those_with(MixerConfig, Capability.CAUSAL)}"
        elif not site.causal and Capability.BIDIRECTIONAL not in able:
            yield f"mixer {name} is causal only, and this stack is bidirectional; {those_with(MixerConfig, Capability.BIDIRECTIONAL)}"
        if Capability.GRID in able and site.grid is None:
            yield f"mixer {name} needs a grid, and this stack has {site}; a grid comes from images in a bidirectional stack"
        if site.position is not None:
            for need in _WHERE:
                position = site.position.choice
                if need in position.capabilities and need not in able:
                    others = those_with(MixerConfig, need)
                    yield f"position {position.name} acts on the {_WHERE[need]}, and mixer {name} has none; {others}"


_WHERE = {
    Capability.SCORE_BIAS: "scores of an attention",
    Capability.ROTARY: "queries and keys of an attention",
    Capability.WEIGHTS: "weights of an attention",
}


class Mixer(nn.Module, ABC):
    """`forward` on whole sequences; a causal mixer also continues one by `extend`, and the two agree.

    Built for a site with a memory it reads `context.memory` instead of its own tokens: `start` then reads it once, and
    `extend` keeps to what the state holds of it.
    """

    @abstractmethod
    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D). Outputs at padded tokens are finite and otherwise unspecified."""

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> State:
        """An empty state for `batch` sequences of up to `capacity` tokens, with the dtype and device of `like`."""
        raise NotImplementedError(f"{type(self).__name__} is bidirectional: it cannot extend a sequence")

    def extend(self, x: Tensor, state: State, context: Context) -> tuple[Tensor, State]:
        """Continue sequences by x: (B, T, D), T >= 1; returns (B, T, D) and the new state."""
        raise NotImplementedError(f"{type(self).__name__} is bidirectional: it cannot extend a sequence")

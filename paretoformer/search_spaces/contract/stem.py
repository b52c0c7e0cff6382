"""Stems: how a task's input becomes tokens of a stack's width."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.records.signature import Input
from paretoformer.search_spaces.contract.config import ChoiceConfig


@dataclass(frozen=True, kw_only=True)
class StemConfig(ChoiceConfig):
    """Config of a stem; its costs depend on the task's input beside the width it gives."""

    def build_stem(self, given: Input, width: int) -> "Stem":
        """The module that turns `given` into tokens of `width`."""
        raise NotImplementedError

    def input_problems(self, given: Input) -> Iterator[str]:
        """Sentences that say why it cannot read `given`."""
        return iter(())

    def tokens(self, given: Input) -> int:
        """The most tokens it makes of one input."""
        raise NotImplementedError

    def grid(self, given: Input) -> tuple[int, int] | None:
        """(height, width) of the tokens where they lie on a grid."""
        return None

    def stem_parameters(self, given: Input, width: int) -> int:
        """Parameters of the built module."""
        raise NotImplementedError

    def stem_table_parameters(self, given: Input, width: int) -> int:
        """Those of them that are rows looked up by token."""
        return 0

    def stem_macs(self, given: Input, width: int, length: int) -> int:
        """Multiply-accumulates for one input of `length` tokens."""
        return 0


class Stem(nn.Module):
    """Task input -> (B, N, D)."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Token ids (B, N), numbers (B, N, C) or images (B, C, H, W) -> (B, N, D)."""
        raise NotImplementedError

    def lengths(self, lengths: Tensor | None) -> Tensor | None:
        """Of right-padded inputs of `lengths` (B,), how many of the tokens are valid."""
        return lengths

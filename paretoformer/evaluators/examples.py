"""Examples of a task as tensors."""

from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor


class Split(StrEnum):
    """Parts of the data that share no example: training, what a search sees, what a finished study is scored on."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Inputs as the signature says, targets (B,) or (B, N) with -100 where nothing is asked, lengths (B,) where ragged.

    Examples of equal `groups`, (B,) long, depend on one another (copies, windows of one text): an interval resamples
    whole groups. Without it each example is its own.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None
    groups: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, index: Tensor | slice) -> "Examples":
        """The examples at `index`."""
        lengths = None if self.lengths is None else self.lengths[index]
        groups = None if self.groups is None else self.groups[index]
        return Examples(inputs=self.inputs[index], targets=self.targets[index], lengths=lengths, groups=groups)

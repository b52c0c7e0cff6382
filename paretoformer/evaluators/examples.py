"""Examples of a task as tensors."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import torch
from torch import Tensor

from paretoformer.search_spaces.contract import Source

IGNORED = -100
"""The target where nothing is asked."""


class Split(StrEnum):
    """Parts of the data that share no example: training, what a search sees, what a finished study is scored on."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Inputs, and the source beside them where the task has one, as the signature says; `lengths` (B,) where ragged.

    `targets` are labels (B,) of whole inputs or (B, N) of tokens, with -100 where nothing is asked; or numbers (B, K) of whole
    inputs, (B, N, K) of tokens or (B, 2, K, H, W) of pixels, with nan where nothing is asked.

    Examples of equal `groups`, (B,) long, depend on one another (copies, windows of one text): an interval resamples
    whole groups. Without it each example is its own. `sizes`, (B,) long, say how large each example's problem is, where a
    task has easier and harder ones.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None
    source: Source | None = None
    groups: Tensor | None = None
    sizes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def of_tokens(self) -> bool:
        """Whether targets stand beside tokens."""
        return self.targets.dim() == 3 or (self.targets.dim() == 2 and not self.targets.is_floating_point())

    @property
    def asked_from(self) -> Tensor:
        """(B,) long, the first token of each example that is asked for its successor."""
        return (self.targets != IGNORED).int().argmax(1)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "Examples":
        """Every tensor changed in one way."""

        def changed(part: Tensor | None) -> Tensor | None:
            return None if part is None else change(part)

        source = self.source
        return Examples(
            inputs=change(self.inputs),
            targets=change(self.targets),
            lengths=changed(self.lengths),
            source=None if source is None else Source(change(source.inputs), changed(source.lengths)),
            groups=changed(self.groups),
            sizes=changed(self.sizes),
        )

    def take(self, index: Tensor | slice) -> "Examples":
        """The examples at `index`."""
        return self.mapped(lambda part: part[index])

    def trimmed(self) -> "Examples":
        """Ragged examples cut to the longest among them; others as they are."""
        cut = self
        if self.lengths is not None:
            longest = int(self.lengths.max())
            targets = self.targets[:, :longest] if self.of_tokens else self.targets
            cut = replace(cut, inputs=self.inputs[:, :longest], targets=targets)
        if self.source is not None and self.source.lengths is not None:
            longest = int(self.source.lengths.max())
            cut = replace(cut, source=Source(self.source.inputs[:, :longest], self.source.lengths))
        return cut

    def to(self, device: torch.device) -> "Examples":
        """The examples on `device`."""
        return self if self.inputs.device == device else self.mapped(lambda part: part.to(device))

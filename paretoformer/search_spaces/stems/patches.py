"""An image cut into square patches, each mapped by one linear layer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import gcd
from typing import Self

import torch
from torch import Tensor, nn

from paretoformer.records.signature import ImageInput, Input
from paretoformer.search_spaces.contract import Stem, StemConfig
from paretoformer.search_spaces.contract.attention import divisors
from paretoformer.search_spaces.registry import register


@register("stem", "patches", papers=(5, 16, 25))
@dataclass(frozen=True, kw_only=True)
class PatchesConfig(StemConfig):
    """Patches of `size` x `size` pixels, a convolution of that stride with bias, and layer norm after it with `norm`.

    A `kernel` wider than the patch (None: as wide) makes patches overlap, padded so that as many come out.
    Cost: patches * kernel^2 * channels * D MACs. Source: Dosovitskiy et al. 2020, section 3.1; overlapping: paper 16,
    section 3.2; the norm: paper 25, section 2.6.
    """

    size: int = 2
    kernel: int | None = None
    norm: bool = False

    def canonical(self) -> Self:
        """A kernel as wide as the patch is written None."""
        return replace(self, kernel=None) if self.kernel == self.size else self

    @property
    def reach(self) -> int:
        """Pixels that one patch is made of, along each side."""
        return self.kernel or self.size

    def build_stem(self, given: Input, width: int) -> "Patches":
        """The layer for `given`."""
        assert isinstance(given, ImageInput)
        return Patches(self, given, width)

    def input_problems(self, given: Input) -> Iterator[str]:
        """It reads images whose sides are whole numbers of patches."""
        if not isinstance(given, ImageInput):
            yield "stem patches needs a grid, and the task gives a sequence; stem tokens reads token ids, stem frames numbers"
        elif given.height % self.size or given.width % self.size:
            that_do = divisors(gcd(given.height, given.width), self.size)
            yield f"patches of {self.size} pixels do not tile {given.height} x {given.width} pixels; sizes that do: {that_do}"
        if self.reach < self.size:
            yield f"patches of {self.size} pixels leave some unread, and their kernel has {self.reach}; use at least {self.size}"

    def grid(self, given: Input) -> tuple[int, int]:
        """Rows and columns of patches."""
        assert isinstance(given, ImageInput)
        return given.height // self.size, given.width // self.size

    def tokens(self, given: Input) -> int:
        """Number of patches."""
        rows, columns = self.grid(given)
        return rows * columns

    def stem_parameters(self, given: Input, width: int) -> int:
        """Weights and bias, and those of the norm."""
        assert isinstance(given, ImageInput)
        return (self.reach**2 * given.channels + 1) * width + (2 * width if self.norm else 0)

    def stem_macs(self, given: Input, width: int, length: int) -> int:
        """One product a patch."""
        assert isinstance(given, ImageInput)
        return length * self.reach**2 * given.channels * width


class Patches(Stem):
    """The module of `PatchesConfig`."""

    def __init__(self, config: PatchesConfig, given: ImageInput, width: int) -> None:
        super().__init__()
        padding = (config.reach - config.size + 1) // 2
        self.image = (given.channels, given.height, given.width)
        self.cut = nn.Conv2d(given.channels, width, config.reach, stride=config.size, padding=padding)
        self.norm = nn.LayerNorm(width, eps=1e-6) if config.norm else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Images (B, C, H, W) -> (B, patches, D), row by row.

        Raises:
            ValueError: images of another size than the grid of mixers and positions is made for.
        """
        if not torch.compiler.is_compiling() and tuple(inputs.shape[1:]) != self.image:
            built, found = (" x ".join(map(str, size)) for size in (self.image, inputs.shape[1:]))
            raise ValueError(f"stem patches was built for images of {built} numbers, and is given {found}.")
        y: Tensor = self.cut(inputs).flatten(2).mT.contiguous()
        return y if self.norm is None else self.norm(y)

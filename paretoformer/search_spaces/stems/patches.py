"""An image cut into square patches, each mapped by one linear layer."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.records.signature import ImageInput, Input
from paretoformer.search_spaces.contract import Stem, StemConfig
from paretoformer.search_spaces.registry import register


@register("stem", "patches", papers=(5, 16))
@dataclass(frozen=True, kw_only=True)
class PatchesConfig(StemConfig):
    """Patches of `size` x `size` pixels, a convolution of that size and stride with bias.

    Cost: pixels * channels * D MACs. Source: Dosovitskiy et al. 2020, section 3.1.
    """

    size: int = 2

    def build_stem(self, given: Input, width: int) -> "Patches":
        """The layer for `given`."""
        assert isinstance(given, ImageInput)
        return Patches(self.size, given.channels, width)

    def input_problems(self, given: Input) -> Iterator[str]:
        """It reads images whose sides are whole numbers of patches."""
        if not isinstance(given, ImageInput):
            yield "stem patches needs a grid, and the task gives a sequence of tokens"
        elif given.height % self.size or given.width % self.size:
            yield f"patches of {self.size} pixels do not tile {given.height} x {given.width} pixels"

    def grid(self, given: Input) -> tuple[int, int]:
        """Rows and columns of patches."""
        assert isinstance(given, ImageInput)
        return given.height // self.size, given.width // self.size

    def tokens(self, given: Input) -> int:
        """Number of patches."""
        rows, columns = self.grid(given)
        return rows * columns

    def stem_parameters(self, given: Input, width: int) -> int:
        """Weights and bias."""
        assert isinstance(given, ImageInput)
        return (self.size**2 * given.channels + 1) * width

    def stem_macs(self, given: Input, width: int, length: int) -> int:
        """One product a patch."""
        assert isinstance(given, ImageInput)
        return length * self.size**2 * given.channels * width


class Patches(Stem):
    """The module of `PatchesConfig`."""

    def __init__(self, size: int, channels: int, width: int) -> None:
        super().__init__()
        self.cut = nn.Conv2d(channels, width, size, stride=size)

    def forward(self, inputs: Tensor) -> Tensor:
        """Images (B, C, H, W) -> (B, patches, D), row by row."""
        y: Tensor = self.cut(inputs).flatten(2).mT
        return y.contiguous()

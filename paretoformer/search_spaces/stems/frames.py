"""A series of numbers cut into frames, each mapped by one linear layer."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.records.signature import Input, SeriesInput
from paretoformer.search_spaces.contract import Stem, StemConfig
from paretoformer.search_spaces.registry import register


@register("stem", "frames", papers=(2, 29))
@dataclass(frozen=True, kw_only=True)
class FramesConfig(StemConfig):
    """Frames of `size` steps after one another, all numbers of a frame mapped to a token by one layer with bias.

    Steps at the end that fill no frame are left out. Cost: frames * size * channels * D MACs. Source: for speech, paper 2
    halves the rate twice before its encoder; frames of 4 steps are the plain form of that.
    """

    size: int = 1

    def build_stem(self, given: Input, width: int) -> "Frames":
        """The layer for `given`."""
        assert isinstance(given, SeriesInput)
        return Frames(self.size, given.channels, width)

    def input_problems(self, given: Input) -> Iterator[str]:
        """It reads numbers, in whole frames."""
        if not isinstance(given, SeriesInput):
            others = "stem tokens reads token ids, stem patches images"
            yield f"stem frames reads series of numbers, and the task gives tokens or images; {others}"
        elif not 0 < self.size <= given.length:
            yield f"stem frames takes {self.size} steps at once, and the task gives up to {given.length}; use 1 to {given.length}"

    def tokens(self, given: Input) -> int:
        """Whole frames of the longest series."""
        assert isinstance(given, SeriesInput)
        return given.length // self.size

    def stem_parameters(self, given: Input, width: int) -> int:
        """Weights and bias."""
        assert isinstance(given, SeriesInput)
        return (self.size * given.channels + 1) * width

    def stem_macs(self, given: Input, width: int, length: int) -> int:
        """One product a frame."""
        assert isinstance(given, SeriesInput)
        return length * self.size * given.channels * width


class Frames(Stem):
    """The module of `FramesConfig`."""

    def __init__(self, size: int, channels: int, width: int) -> None:
        super().__init__()
        self.size = size
        self.map = nn.Linear(size * channels, width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Numbers (B, N, C) -> (B, N // size, D)."""
        whole = inputs.shape[1] // self.size * self.size
        y: Tensor = self.map(inputs[:, :whole].unflatten(1, (-1, self.size)).flatten(2))
        return y

    def lengths(self, lengths: Tensor | None) -> Tensor | None:
        """Whole frames of each series."""
        return None if lengths is None else lengths // self.size

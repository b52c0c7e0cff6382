"""A table of learned vectors, one for each token."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from paretoformer.records.signature import Input, TokenInput
from paretoformer.search_spaces.contract import Stem, StemConfig
from paretoformer.search_spaces.registry import register


@register("stem", "tokens", papers=(4,))
@dataclass(frozen=True, kw_only=True)
class TokensConfig(StemConfig):
    """Row t of the table for token t. With `tied` a head that asks for tokens uses the same table (Press and Wolf 2016)."""

    tied: bool = False

    def build_stem(self, given: Input, width: int) -> "Tokens":
        """The table for `given`."""
        assert isinstance(given, TokenInput)
        return Tokens(given.vocabulary, width)

    def input_problems(self, given: Input) -> Iterator[str]:
        """It reads tokens only."""
        if not isinstance(given, TokenInput):
            yield "stem tokens reads token ids, and the task gives images or numbers; stem patches reads images, stem frames numbers"

    def tokens(self, given: Input) -> int:
        """The maximum length."""
        assert isinstance(given, TokenInput)
        return given.length

    def stem_parameters(self, given: Input, width: int) -> int:
        """The table."""
        assert isinstance(given, TokenInput)
        return given.vocabulary * width

    def stem_table_parameters(self, given: Input, width: int) -> int:
        """All of it."""
        return self.stem_parameters(given, width)


class Tokens(Stem):
    """The module of `TokensConfig`."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.table.weight, std=width**-0.5)

    def forward(self, inputs: Tensor) -> Tensor:
        """Token ids (B, N) -> (B, N, D)."""
        y: Tensor = self.table(inputs)
        return y

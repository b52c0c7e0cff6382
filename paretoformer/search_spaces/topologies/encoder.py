"""One bidirectional stack."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from paretoformer.records.signature import Signature
from paretoformer.search_spaces.contract import StackRole
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.single_stack import SingleStackConfig


@register("topology", "encoder", papers=(16, 29))
@dataclass(frozen=True, kw_only=True)
class EncoderConfig(SingleStackConfig):
    """Stem, bidirectional stack, linear head on the mean of the valid tokens, or on a `token` of its own put before them.

    Tokens with one of their own before them lie on no grid. Source: Devlin et al. 2018, section 3; the mean: Zhai et al. 2022.
    """

    roles: ClassVar[Mapping[str, StackRole]] = {"encoder": StackRole()}

    summary: Literal["mean", "token"] = "mean"

    @property
    def summary_tokens(self) -> int:
        """One, or none."""
        return 1 if self.summary == "token" else 0

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It would see the tokens that it is asked for."""
        yield from super().signature_problems(signature)
        if signature.causal:
            yield f"topology encoder sees the whole sequence, and the task gives {signature}; use a decoder"

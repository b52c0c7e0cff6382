"""One causal stack."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from paretoformer.records.signature import ImageInput, Signature
from paretoformer.search_spaces.contract import StackRole
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.single_stack import SingleStackConfig


@register("topology", "decoder", papers=(6, 19, 23))
@dataclass(frozen=True, kw_only=True)
class DecoderConfig(SingleStackConfig):
    """Stem, causal stack, linear head at every token, or at the last one for classes.

    Source: Radford et al. 2018, section 3.
    """

    roles: ClassVar[Mapping[str, StackRole]] = {"decoder": StackRole(causal=True)}

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It reads tokens in order."""
        yield from super().signature_problems(signature)
        if isinstance(signature.input, ImageInput):
            yield "topology decoder reads a sequence in order, and the task gives images; use an encoder"

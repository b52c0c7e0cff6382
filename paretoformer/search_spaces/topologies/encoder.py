"""One bidirectional stack."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from paretoformer.records.signature import Signature, TokenOutput
from paretoformer.search_spaces.contract import StackRole
from paretoformer.search_spaces.registry import register
from paretoformer.search_spaces.single_stack import SingleStackConfig


@register("topology", "encoder", papers=(16, 29))
@dataclass(frozen=True, kw_only=True)
class EncoderConfig(SingleStackConfig):
    """Stem, bidirectional stack, mean over the valid tokens, linear head. Source: Devlin et al. 2018, section 3."""

    roles: ClassVar[Mapping[str, StackRole]] = {"encoder": StackRole()}

    def signature_problems(self, signature: Signature) -> Iterator[str]:
        """It would see the tokens that it is asked for."""
        if isinstance(signature.output, TokenOutput):
            yield "topology encoder sees the whole sequence, and the task asks for the next token; use a decoder"

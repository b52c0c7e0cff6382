"""What one part of a model computes, and which bytes it moves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Widths:
    """Bytes of a number of weights, and of one of activations and states."""

    weights: int
    others: int

    def narrowed(self, fp32_bytes: int) -> int:
        """Bytes of activations or states that take `fp32_bytes` in fp32."""
        return fp32_bytes * self.others // 4


WIDTHS = {"fp32": Widths(4, 4), "bf16": Widths(2, 2), "fp16": Widths(2, 2), "int8": Widths(1, 4)}
"""By precision; int8 as dynamic quantisation has it, with fp32 between the products."""


@dataclass(frozen=True, kw_only=True)
class LayerCount:
    """One part of a model. `macs` and bytes are of one input (and source), or of one token that is decoded.

    A part reads its weights and its input once and writes its output once; what it makes in between stays in a cache. State
    is read and written where a token is decoded. `additions` are those of `macs` that multiply nothing.

    `stack` and `layer` (from 1) say where the part stands, `part` what it is there: stem, source, position, norm, a branch's
    role, or head, which is all that lies outside stem and stacks.
    """

    part: str
    choice: str
    stack: str | None = None
    layer: int | None = None
    params: int = 0
    macs: int = 0
    additions: int = 0
    weight_bytes: int = 0
    activation_bytes: int = 0
    state_bytes: int = 0
    state_read_bytes: int = 0
    state_written_bytes: int = 0

    def traffic(self, batch: int = 1) -> int:
        """Bytes that go to and from memory for a batch, which shares the weights."""
        return self.weight_bytes + batch * (self.activation_bytes + self.state_read_bytes + self.state_written_bytes)

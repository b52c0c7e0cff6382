"""What the Omega rule takes and keeps."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from paretoformer.kernels.omega_memory.networks import Weights


@dataclass(frozen=True, kw_only=True)
class OmegaRule:
    """How a memory is trained: on the last `window` pairs, with gradients taken once a `chunk` of tokens.

    steps: of Newton-Schulz, with muon. reads_before: a query reads the memory as it was before its own token's step.
    """

    window: int
    chunk: int
    inner: Literal["muon", "momentum", "gradient"]
    steps: int = 5
    reads_before: bool = False


@dataclass(frozen=True)
class Tokens:
    """Queries (B, H, T, G, d), keys, values (B, H, T, d); gates (B, H, T), retention and momentum as logarithms.

    gamma: (B, H, T, window), the oldest token first. momentum: none where the rule has none.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    retention: Tensor
    step: Tensor
    momentum: Tensor | None
    gamma: Tensor


@dataclass(frozen=True)
class MemoryState:
    """What memories know after `seen` tokens.

    Weights now, when their chunk began (the same tensors at a beginning), and momentum (empty where the rule has none),
    (B, H, rows, columns) each; the last window - 1 keys and values (B, H, window - 1, d).
    """

    weights: Weights
    base: Weights
    momentum: Weights
    k: Tensor
    v: Tensor
    seen: int = 0

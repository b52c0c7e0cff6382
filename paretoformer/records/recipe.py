"""How a model is trained: criterion, optimiser settings and a budget counted in examples."""

from dataclasses import asdict, dataclass
from typing import Any

from paretoformer.records.canonical import digest


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """AdamW with linear warm-up, cosine decay to a tenth, and gradient clipping.

    `budget` counts training examples (a text window or an image is one), never seconds; `warmup` is a share of it.
    """

    criterion: str = "cross-entropy"
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    batch: int = 64
    warmup: float = 0.1
    clip: float = 1.0
    budget: int = 16_384
    precision: str = "fp32"

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object of every field."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return digest(self.to_json())

    @property
    def steps(self) -> int:
        """Optimiser steps, the last batch rounded up."""
        return -(-self.budget // self.batch)

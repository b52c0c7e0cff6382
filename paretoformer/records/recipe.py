"""How a model is trained: criterion, optimiser settings and a budget counted in examples."""

from dataclasses import asdict, dataclass
from typing import Any

from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError

PRECISIONS = ("fp32", "bf16")
"""Precisions to train in; bf16 is autocast, weights stay fp32."""

MOST_EXAMPLES = 10**12
"""A larger budget or batch is a slip of the keyboard: no machine would ever come to its end."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """AdamW with linear warm-up, cosine decay to a tenth, and gradient clipping.

    `budget` counts training examples (a text window or an image is one), never seconds; `warmup` is a share of it. With
    `pretraining`, a criterion too, `pretraining_share` of the budget is spent on that first, and the rest on `criterion`; each
    has a schedule of its own. Criteria may have options: `denoise:noise=infilling`.
    """

    criterion: str = "cross-entropy"
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    batch: int = 64
    warmup: float = 0.1
    clip: float = 1.0
    budget: int = 16_384
    precision: str = "fp32"
    pretraining: str | None = None
    pretraining_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("learning_rate", "batch", "clip", "budget"):
            if not getattr(self, name) > 0:
                raise UserError(f"The {name.replace('_', ' ')} is {getattr(self, name)}; it must be above 0.")
        for name in ("batch", "budget"):
            if getattr(self, name) > MOST_EXAMPLES:
                raise UserError(f"The {name} is {getattr(self, name)}; it must be at most {MOST_EXAMPLES:,} examples.")
        if not self.weight_decay >= 0:
            raise UserError(f"The weight decay is {self.weight_decay}; it must be at least 0.")
        if not 0 <= self.warmup <= 1:
            raise UserError(f"The warmup is {self.warmup}; it is a share of the steps, from 0 to 1.")
        if not 0 < self.pretraining_share < 1:
            raise UserError(f"The pretraining share is {self.pretraining_share}; it lies between 0 and 1.")
        if self.precision not in PRECISIONS:
            raise UserError(f"Training in '{self.precision}' is not possible; precisions: {', '.join(PRECISIONS)}.")

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

    @property
    def pretraining_steps(self) -> int:
        """Those of them that are spent on the pre-training criterion; at least one is left for what follows."""
        return min(round(self.pretraining_share * self.steps), self.steps - 1) if self.pretraining else 0

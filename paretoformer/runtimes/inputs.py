"""What a model is run on while it is timed: random input of the workload's size, and a source at full length."""

from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.records.signature import ImageInput, Input, SeriesInput, Signature
from paretoformer.records.target import Workload
from paretoformer.search_spaces.contract import Source


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Images (B, C, H, W), numbers (B, N, C) or ids (B, N); of a decode those of its context and then the new ones."""

    given: Tensor
    source: Source | None

    def to(self, device: str, dtype: torch.dtype) -> "Inputs":
        """On the device; numbers in `dtype`, ids as they are."""
        source = None if self.source is None else Source(_to(self.source.inputs, device, dtype))
        return Inputs(given=_to(self.given, device, dtype), source=source)


def random_inputs(signature: Signature, workload: Workload, *, seed: int) -> Inputs:
    """The workload's batch and length, from a generator of its own."""
    generator = torch.Generator().manual_seed(seed)
    given = _random(signature.input, workload.batch, generator, length=workload.length + workload.new)
    source = Source(_random(signature.source, workload.batch, generator)) if signature.source else None
    return Inputs(given=given, source=source)


def _random(given: Input, batch: int, generator: torch.Generator, length: int | None = None) -> Tensor:
    """As many as there can be unless `length` is told."""
    if isinstance(given, ImageInput):
        return torch.rand(batch, given.channels, given.height, given.width, generator=generator)
    if isinstance(given, SeriesInput):
        return torch.randn(batch, length or given.length, given.channels, generator=generator)
    return torch.randint(given.vocabulary, (batch, length or given.length), generator=generator)


def _to(x: Tensor, device: str, dtype: torch.dtype) -> Tensor:
    return x.to(device, dtype) if x.is_floating_point() else x.to(device)

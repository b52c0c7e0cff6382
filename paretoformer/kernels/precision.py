"""Single precision for what narrower numbers would spoil: exponents, inverses, signs."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def widened(x: Tensor) -> Tensor:
    """`x` in fp32, or as it is where it has more."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def without_autocast(x: Tensor) -> AbstractContextManager[object]:
    """A block whose products on the device of `x` keep the type of their operands; the meta device has no autocast."""
    kind = x.device.type
    within = kind != "meta" and torch.is_autocast_enabled(kind)
    return torch.autocast(kind, enabled=False) if within else nullcontext()

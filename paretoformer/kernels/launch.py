"""What every launch of a Triton kernel needs to know of its device."""

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache

import torch
from torch import Tensor

INTERPRETED_PROCESSORS = 4
"""Multiprocessors that Triton's interpreter pretends to have."""


def traced(x: Tensor) -> bool:
    """Whether a call must go through an operator of torch: its own dispatch costs more than some of our kernels."""
    return torch.compiler.is_compiling() or type(x) is not Tensor


def on_device(x: Tensor) -> AbstractContextManager[object]:
    """Makes the device of `x` the current one, on which Triton launches."""
    if x.is_cuda and x.device.index != torch.cuda.current_device():
        return torch.cuda.device(x.device)
    return nullcontext()


@lru_cache
def processors(device: torch.device) -> int:
    """Streaming multiprocessors of `device`."""
    if device.type != "cuda":
        return INTERPRETED_PROCESSORS
    return int(torch.cuda.get_device_properties(device).multi_processor_count)


def power_of_two(size: int, least: int = 1) -> int:
    """The smallest power of two that is neither below `size` nor below `least`."""
    return max(least, 1 << max(0, size - 1).bit_length())

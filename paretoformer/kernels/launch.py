"""What every launch of a Triton kernel shares."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

INTERPRETED_PROCESSORS = 4
"""Multiprocessors that Triton's interpreter pretends to have."""
MOST_FORMS = 4_096
"""Compiled forms of one kernel that are remembered."""


class Launcher:
    """A Triton kernel, launched again without Triton's look at each argument, which costs more than a small kernel.

    The kernel's parameters are tensors, numbers that it is compiled for (strides), numbers that it is not (marked
    `do_not_specialize`, and floats), and compile-time constants, in this order.
    """

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel
        self.forms: dict[tuple[Any, ...], tuple[Any, tuple[Any, ...]]] = {}

    def __call__(
        self,
        grid: tuple[int, ...],
        tensors: tuple[Tensor | None, ...],
        strides: tuple[int, ...],
        numbers: tuple[int | float, ...],
        constants: dict[str, Any],
    ) -> None:
        """Launch on the device of the first tensor; `constants` may hold Triton's options too."""
        device = tensors[0].device if tensors[0] is not None else torch.device("cpu")
        if device.type == "cuda" and device.index != torch.cuda.current_device():
            with torch.cuda.device(device):
                return self._launch(device, grid, tensors, strides, numbers, constants)
        return self._launch(device, grid, tensors, strides, numbers, constants)

    def _launch(
        self,
        device: torch.device,
        grid: tuple[int, ...],
        tensors: tuple[Tensor | None, ...],
        strides: tuple[int, ...],
        numbers: tuple[int | float, ...],
        constants: dict[str, Any],
    ) -> None:
        # What Triton compiles for: types, alignment to 16 bytes, values of strides, width of the other numbers.
        key = (
            device.index,
            *[None if x is None else (x.dtype, x.data_ptr() % 16) for x in tensors],
            strides,
            *[isinstance(n, int) and n.bit_length() > 31 for n in numbers],
            *constants.values(),
        )
        known = self.forms.get(key)
        if known is not None:
            compiled, values = known
            compiled[(*grid, 1, 1)[:3]](*tensors, *strides, *numbers, *values)
            return
        compiled = self.kernel[grid](*tensors, *strides, *numbers, **constants)
        if compiled is not None:  # Triton's interpreter compiles nothing
            if len(self.forms) >= MOST_FORMS:
                self.forms.clear()
            given = len(tensors) + len(strides) + len(numbers)
            self.forms[key] = compiled, tuple(constants[name] for name in self.kernel.arg_names[given:])


def traced(x: Tensor) -> bool:
    """Whether a call must go through an operator of torch, whose own dispatch costs more than a small kernel."""
    return torch.compiler.is_compiling() or type(x) is not Tensor


@lru_cache
def processors(device: torch.device) -> int:
    """Streaming multiprocessors of `device`."""
    if device.type != "cuda":
        return INTERPRETED_PROCESSORS
    return int(torch.cuda.get_device_properties(device).multi_processor_count)


def power_of_two(size: int, least: int = 1) -> int:
    """The smallest power of two that is neither below `size` nor below `least`."""
    return max(least, 1 << max(0, size - 1).bit_length())

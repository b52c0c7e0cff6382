"""What tests of single mixers share: the size of the largest tensor that a call makes, and masked dense attention."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Sizes(TorchDispatchMode):
    """Keeps the number of elements of the largest tensor that any operation gives."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(given):
            if isinstance(leaf, Tensor):
                self.largest = max(self.largest, leaf.untyped_storage().nbytes() // leaf.element_size())
        return given


@pytest.fixture
def largest_tensor() -> Callable[[Callable[[], object]], int]:
    """Elements of the largest tensor that a call makes, gradients on."""

    def measured(call: Callable[[], object]) -> int:
        with Sizes() as sizes:
            call()
        return sizes.largest

    return measured


@pytest.fixture
def dense_attention() -> Callable[..., Tensor]:
    """Softmax attention with all N x N scores, 0 for a query that sees nothing."""

    def attended(q: Tensor, k: Tensor, v: Tensor, seen: Tensor, bias: Tensor | float = 0.0) -> Tensor:
        """q: (B, H, N, d), k, v: (B, Hkv, S, d), seen: (..., N, S) -> (B, H, N, d)."""
        repeats = q.shape[1] // k.shape[1]
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        scores = (q @ k.mT / q.shape[-1] ** 0.5 + bias).masked_fill(~seen, -torch.inf)
        return scores.softmax(-1).masked_fill(~seen, 0.0) @ v

    return attended

"""Peak of live intermediate tensors, counted by running the model without memory."""

import weakref
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from paretoformer.records.signature import Input, SeriesInput, Signature, TokenInput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Capability, Source


def peak_activation_bytes(architecture: Architecture, signature: Signature, length: int | None = None) -> int:
    """Most bytes of intermediate fp32 tensors alive at once in `forward` on one input of full length, or of `length`.

    The forward pass runs on fake CPU tensors, which have shapes and no memory; weights and the input do not count.
    The meta device would not do: it takes attention through the form that makes all scores, which a CPU never makes.
    Where a choice's cost depends on the data, shapes do too, and real tensors are run: an input of zeros.
    """
    real = any(Capability.DATA_COST in config.choice.capabilities for config in architecture.configs)
    with nullcontext() if real else FakeTensorMode(), torch.no_grad():
        model = build(architecture, signature, seed=0).eval()
        inputs, source = _zeros(signature.input, length), Source(_zeros(signature.source)) if signature.source else None
        with _LiveBytes() as live:
            model(inputs, source=source)
    return live.peak


def _zeros(given: Input, length: int | None = None) -> Tensor:
    if isinstance(given, TokenInput):
        return torch.zeros(1, length or given.length, dtype=torch.long)
    if isinstance(given, SeriesInput):
        return torch.zeros(1, length or given.length, given.channels)
    return torch.zeros(1, given.channels, given.height, given.width)


class _LiveBytes(TorchDispatchMode):
    """Adds a storage when an operation makes it, takes it off when Python lets it go."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {_storage(t)._cdata for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._add(tensor, given)
        return out

    def _add(self, tensor: Tensor, given: set[int]) -> None:
        storage = _storage(tensor)
        key = storage._cdata
        if key in given or key in self._known:
            return
        size = tensor.untyped_storage().nbytes()
        self._known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._drop, key, size)

    def _drop(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


def _storage(tensor: Tensor) -> Any:
    return tensor.untyped_storage()

"""Peaks of live intermediate tensors, counted by running the model without memory."""

import weakref
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from paretoformer.records.signature import Input, SeriesInput, Signature, TokenInput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Capability, Source
from paretoformer.search_spaces.counts import count

BYTES = 4
"""Of an fp32 number."""
COPIES = 4
"""Of the weights: themselves, their gradients, and the two moments of Adam."""


@dataclass(frozen=True, kw_only=True)
class TrainingBytes:
    """Most bytes alive at once in an optimiser step; `activations` are None where they depend on the data."""

    weights: int
    activations: int | None

    @property
    def total(self) -> int:
        """Of both; a lower bound where one is not known."""
        return self.weights + (self.activations or 0)


def peak_activation_bytes(architecture: Architecture, signature: Signature, length: int | None = None) -> int:
    """Most bytes of intermediate fp32 tensors alive at once in `forward` on one input of full length, or of `length`.

    The forward pass runs on fake CPU tensors, which have shapes and no memory; weights and the input do not count.
    The meta device would not do: it takes attention through the form that makes all scores, which a CPU never makes.
    Where a choice's cost depends on the data, shapes do too, and real tensors are run: an input of zeros.
    """
    with _without_memory(architecture), torch.no_grad():
        model = build(architecture, signature, seed=0).eval()
        inputs, source = _zeros(signature.input, 1, length), _source(signature, 1)
        with _LiveBytes() as live:
            model(inputs, source=source)
    return live.peak


def beginning_bytes(architecture: Architecture, signature: Signature, length: int, capacity: int) -> int:
    """Most bytes alive at once where a decode of `capacity` tokens in all begins, counted as above.

    `length` tokens are read and the last alone is answered; the state is among what is alive.
    """
    with _without_memory(architecture), torch.no_grad():
        model = build(architecture, signature, seed=0).eval()
        inputs, source = _zeros(signature.input, 1, length), _source(signature, 1)
        with _LiveBytes() as live:
            model.extend(inputs, model.start(1, capacity, source), last=True)
    return live.peak


def training_bytes(architecture: Architecture, signature: Signature, batch: int) -> TrainingBytes:
    """Bytes that an optimiser step of AdamW on `batch` examples of full length takes, in fp32, counted as they are above.

    A softmax over the outputs stands for the criterion. From the second step on the gradients of the step before are alive
    until the backward pass begins, and are made anew in it. Where a choice's cost depends on the data, or what it does in
    training asks for numbers that only real tensors have, the weights alone are known.
    """
    weights = BYTES * count(architecture, signature).params
    activations = None
    if not _costs_depend_on_data(architecture):
        with suppress(DataDependentOutputException, DynamicOutputShapeException), FakeTensorMode():
            model = build(architecture, signature, seed=0).train()
            inputs, source = _zeros(signature.input, batch), _source(signature, batch)
            with _LiveBytes() as live:
                loss = model(inputs, source=source).flatten(1).log_softmax(-1).sum()
                forward = live.peak
                loss.backward()
            activations = max(forward, live.peak - weights)
    return TrainingBytes(weights=COPIES * weights, activations=activations)


def _without_memory(architecture: Architecture) -> AbstractContextManager[Any]:
    return nullcontext() if _costs_depend_on_data(architecture) else FakeTensorMode()


def _costs_depend_on_data(architecture: Architecture) -> bool:
    return any(Capability.DATA_COST in config.choice.capabilities for config in architecture.configs)


def _source(signature: Signature, batch: int) -> Source | None:
    return Source(_zeros(signature.source, batch)) if signature.source else None


def _zeros(given: Input, batch: int, length: int | None = None) -> Tensor:
    if isinstance(given, TokenInput):
        return torch.zeros(batch, length or given.length, dtype=torch.long)
    if isinstance(given, SeriesInput):
        return torch.zeros(batch, length or given.length, given.channels)
    return torch.zeros(batch, given.channels, given.height, given.width)


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

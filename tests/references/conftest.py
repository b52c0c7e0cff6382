"""Reference implementations, and what copies their weights into our modules."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

os.environ["HF_HUB_OFFLINE"] = "1"
WIDTH, HEADS, VOCABULARY = 16, 2, 13


class Named(type):
    """The type of the stub's classes, which have every attribute, by name."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class StubModule(ModuleType):
    """A module with a class of every name in it."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return Named(name, (), {})


class Torchvision(MetaPathFinder, Loader):
    """Finds a module for torchvision and all that is below it."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        found = fullname.partition(".")[0] == "torchvision"
        return ModuleSpec(fullname, self, is_package=True) if found else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


@contextmanager
def without_torchvision() -> Iterator[None]:
    """Imports of torchvision, whose wheels need a CUDA build of torch, get a stub within, and none is left behind."""
    finder = Torchvision()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]


def _package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        reason = f"{name} is not installed: {missing}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def transformers() -> ModuleType:
    """The package, or a skip."""
    return _package("transformers")


@pytest.fixture(scope="session")
def timm() -> ModuleType:
    """The package with its models, or a skip."""
    with without_torchvision():
        return _package("timm")


@pytest.fixture(autouse=True)
def one_thread_no_gradients_and_the_same_weights() -> Iterator[None]:
    """The machine's cores belong to other tests too; and by chance weights may give a reference 0 / 0."""
    torch.set_num_threads(1)
    with torch.no_grad(), torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        yield


def randomised(reference: nn.Module) -> nn.Module:
    """In float64 and evaluation, its parameters moved so that zeros and ones of an initialisation hide nothing."""
    reference = reference.double().eval()
    generator = torch.Generator().manual_seed(0)
    for parameter in reference.parameters():
        parameter += 0.3 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return reference


def emptied(module: nn.Module) -> nn.Module:
    """In float64 and evaluation, with NaN for every parameter, so that one that is not copied is noticed."""
    for parameter in module.parameters():
        parameter.fill_(torch.nan)
    return module.double().eval()


def model(architecture: dict[str, Any], signature: Signature) -> nn.Module:
    """Ours, `emptied`."""
    read = Architecture.from_json(architecture)
    read.check(signature)
    return emptied(build(read, signature, seed=0))


def stack(name: str, width: int, position: Any, blocks: list[Any], **more: Any) -> dict[str, Any]:
    """The JSON of a stack."""
    return {"name": name, "width": width, "position": position, "blocks": blocks, **more}


def branch(role: str, body: Any, norm: Any, **more: Any) -> dict[str, Any]:
    """The JSON of a branch."""
    return {"role": role, "body": body, "norm": norm, **more}


def put(target: nn.Module | nn.Parameter, *sources: Any, factor: float = 1.0) -> None:
    """Give `target` the parameters of sources, one below the other: modules with weight and bias, or tensors.

    A bias that no source has is 0, and one of the sources must have a place. Kernels of one pixel are matrices.
    """
    if isinstance(target, Tensor):
        target.copy_(torch.cat([source.reshape(source.shape) for source in sources]).reshape(target.shape))
        return
    weights = torch.cat([source.weight for source in sources])
    target.weight.copy_(factor * weights.reshape(target.weight.shape))
    biases = [getattr(source, "bias", None) for source in sources]
    if getattr(target, "bias", None) is None:
        assert all(bias is None for bias in biases), "ours has no place for the reference's bias"
    elif all(bias is None for bias in biases):
        target.bias.zero_()
    else:
        target.bias.copy_(factor * torch.cat(biases))


def blocks(stack: nn.Module, branches: int) -> list[tuple[Any, ...]]:
    """The branches of each block of our stack."""
    made = list(stack.branches)
    return list(zip(*(made[place::branches] for place in range(branches)), strict=True))


class References:
    """What tests use of this file; a fixture, since test folders are no packages."""

    width, heads, vocabulary = WIDTH, HEADS, VOCABULARY
    randomised = staticmethod(randomised)
    emptied = staticmethod(emptied)
    model = staticmethod(model)
    stack = staticmethod(stack)
    branch = staticmethod(branch)
    put = staticmethod(put)
    blocks = staticmethod(blocks)

    @staticmethod
    def ids(batch: int = 2, length: int = 9, seed: int = 1) -> Tensor:
        """Token ids (batch, length), always the same ones."""
        return torch.randint(VOCABULARY, (batch, length), generator=torch.Generator().manual_seed(seed))

    @staticmethod
    def normal(*shape: int, seed: int = 2) -> Tensor:
        """Normal float64 numbers, always the same ones."""
        return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    @staticmethod
    def lengths(*lengths: int) -> Tensor:
        """Valid tokens of each sequence."""
        return torch.tensor(lengths)

    @staticmethod
    def valid(lengths: Tensor, length: int) -> Tensor:
        """Which tokens are not padding, (B, length)."""
        return torch.arange(length) < lengths[:, None]

    @staticmethod
    def close(ours: Tensor, theirs: Tensor, *, digits: int = 10) -> None:
        """They are equal to `digits` digits, relative to the largest number of the reference."""
        assert theirs.isfinite().all() and theirs.std() > 1e-3
        torch.testing.assert_close(ours, theirs.to(ours.dtype), rtol=0, atol=10.0**-digits * float(theirs.abs().max()))


@pytest.fixture(scope="session")
def references() -> type[References]:
    """Builders of models, and what copies and compares."""
    return References

"""The contract of runtimes: a model and a target become calls that a meter can time."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import torch

from paretoformer.records.signature import Signature
from paretoformer.records.target import Target
from paretoformer.search_spaces.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One part of a workload: `setup()` runs outside the clock, and `call` takes what it gives inside it.

    A call makes `units` of what the cost is counted in: 1 prefill, or the new tokens of a decode. Where it `consumes` what it
    is given, each call needs its own. On an accelerator a call returns before it is done; the meter waits for the device.
    """

    setup: Callable[[], Any]
    call: Callable[[Any], object]
    units: int = 1
    consumes: bool = False

    def calls(self, count: int) -> list[Callable[[], object]]:
        """Calls that are ready to be made, each once. One call needs no memory beyond what running the model needs."""
        given = self.setup()
        with torch.inference_mode():
            copies = [copy.deepcopy(given) if self.consumes else given for _ in range(count - 1)]
        return [partial(self.call, each) for each in (*copies, given)]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A model that is ready to be run: `phases` by the cost that they are timed for, `latency`, and `first_token` of a decode.

    `facts` is plain JSON for a measurement's conditions: versions, and what converting or compiling took.
    """

    phases: Mapping[str, Phase]
    facts: Mapping[str, Any] = field(default_factory=dict)


class NotConvertible(Exception):
    """A model that the runtime cannot run, in one sentence that names what stands in the way."""


def first_line(error: BaseException) -> str:
    """The first line of an error that says something."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200].rstrip(
        "."
    )


class Runtime(ABC):
    """A way to run a model. Registered by `register_runtime`, one a file.

    `limit_s` is how many seconds `prepare` may take before it is given up. `converts` says that `convert` leaves something
    for it, `runs_kernels` that the model's calls are those of `paretoformer.kernels`. With one thread the work is
    done in the thread that calls, whose clock times it.
    """

    name: ClassVar[str]
    converts: ClassVar[bool] = False
    runs_kernels: ClassVar[bool] = False
    limit_s: ClassVar[float] = 120.0

    def problem(self, device: str) -> str | None:
        """Why it cannot be used on the device, as the end of a sentence; None where it can."""
        return None

    @abstractmethod
    def precision_problem(self, device: str, precision: str) -> str | None:
        """Why the precision cannot be used on the device, as the end of a sentence; None where it can."""

    def convert(  # noqa: B027 - most runtimes have nothing to do ahead
        self, architecture: Architecture, signature: Signature, target: Target, *, seed: int
    ) -> None:
        """Do ahead, in another process, what takes `prepare` long and can be kept on disk; arguments as there.

        Raises:
            NotConvertible: the runtime cannot run this model.
            InvalidArchitecture: the architecture cannot serve the signature.
        """

    @abstractmethod
    def prepare(self, architecture: Architecture, signature: Signature, target: Target, *, seed: int) -> Prepared:
        """Build the untrained model and its input, both from `seed`, as the target's every field says.

        Sets the threads of the process it is called in, which should therefore be one of its own.

        Args:
            architecture: valid for the signature.
            signature: the task's.
            target: filled and checked by `hardware_models.targets.fill`.
            seed: of the weights and of the input.

        Raises:
            InvalidArchitecture: the architecture cannot serve the signature.
            NotConvertible: the runtime cannot run this model.
        """

"""The contract of runtimes: a model and a target become calls that a meter can time."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


class Runtime(ABC):
    """A way to run a model. Registered by `register_runtime`, one a file."""

    name: ClassVar[str]

    @abstractmethod
    def precision_problem(self, device: str, precision: str) -> str | None:
        """Why the precision cannot be used on the device, as the end of a sentence; None where it can."""

    @abstractmethod
    def prepare(
        self, architecture: Architecture, signature: Signature, target: Target, *, seed: int
    ) -> Mapping[str, Phase]:
        """Build the untrained model and its input, both from `seed`, as the target's every field says.

        Sets the threads of the process it is called in, which should therefore be one of its own.

        Args:
            architecture: valid for the signature.
            signature: the task's.
            target: filled and checked by `hardware_models.targets.fill`.
            seed: of the weights and of the input.

        Returns:
            Phases by the cost that they are timed for: `latency`, and `first_token` of a decode.

        Raises:
            InvalidArchitecture: the architecture cannot serve the signature.
        """

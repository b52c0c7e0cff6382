"""A phase of training as tensors, and back."""

from collections.abc import Mapping

import torch
from torch import Tensor

from paretoformer.evaluators.phase import Phase


def snapshot_phase(phase: Phase) -> dict[str, Tensor]:
    """Weights and buffers of model and criterion, the optimiser's moments, and the step, on the CPU."""
    tensors = {f"model.{name}": tensor for name, tensor in phase.model.state_dict().items()}
    tensors |= {f"objective.{name}": tensor for name, tensor in phase.objective.state_dict().items()}
    for number, state in phase.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    kept = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    return {"phase": torch.tensor(phase.step), **kept}


def restore_phase(phase: Phase, snapshot: Mapping[str, Tensor]) -> None:
    """Make a phase that has just begun what the snapshot was made of."""
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "objective": {}, "optimiser": {}}
    for name, tensor in snapshot.items():
        part, _, rest = name.partition(".")
        if part in parts:
            parts[part][rest] = tensor
    phase.model.load_state_dict(parts["model"])
    phase.objective.load_state_dict(parts["objective"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in parts["optimiser"].items():
        number, _, key = name.partition(".")
        moments.setdefault(int(number), {})[key] = tensor
    state = phase.optimiser.state_dict()
    phase.optimiser.load_state_dict({**state, "state": moments})
    phase.step = int(snapshot["phase"])

"""What a module may want of training: a loss of its own, and to know how far training has come."""

import torch
from torch import Tensor, nn


class Auxiliary(nn.Module):
    """A module with a loss of its own: in training its `forward` leaves it, weighted as it is to be added."""

    loss: Tensor | None = None

    def leave(self, loss: Tensor) -> None:
        """Add to what waits to be taken: a stack that loops runs a module several times."""
        self.loss = loss if self.loss is None else self.loss + loss


class Scheduled(nn.Module):
    """A module that changes while it is trained. `progress` is 0 at the start and 1 at the end, and is saved with the weights."""

    progress: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("progress", torch.zeros(()))


def served(model: nn.Module) -> nn.ModuleList:
    """Its modules that want something of training: all that the functions below need to look through, found once."""
    return nn.ModuleList(module for module in model.modules() if isinstance(module, Auxiliary | Scheduled))


def auxiliary_loss(model: nn.Module) -> Tensor | None:
    """The sum of its modules' own losses of the last `forward`, each taken once; None where there are none."""
    found = []
    for module in model.modules():
        if isinstance(module, Auxiliary) and module.loss is not None:
            found.append(module.loss)
            module.loss = None
    return torch.stack(found).sum() if found else None


def set_progress(model: nn.Module, share: float) -> None:
    """Tell its scheduled modules which share of training is done."""
    for module in model.modules():
        if isinstance(module, Scheduled):
            module.progress.fill_(share)

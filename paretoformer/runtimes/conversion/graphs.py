"""What is traced: modules whose inputs and outputs are tensors and whole numbers alone."""

from typing import Any

from torch import Tensor, nn

from paretoformer.runtimes.conversion.state import Leaf, leaves, with_leaves
from paretoformer.search_spaces.contract import Model, Source


class Whole(nn.Module):
    """A model's `forward` on full sequences."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor, source: Tensor | None = None) -> Tensor:
        """As the model's, the source's tensor as it is."""
        y: Tensor = self.model(inputs, source=_source(source))
        return y


class FirstTokens(nn.Module):
    """A context read from an empty state with room for `capacity` tokens, the source before it."""

    def __init__(self, model: Model, capacity: int) -> None:
        super().__init__()
        self.model, self.capacity = model, capacity

    def forward(self, inputs: Tensor, source: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """inputs: (B, T) -> outputs at the last of them, and the tensors of the state."""
        y, state = self.state_after(inputs, source)
        return y, [leaf for leaf in leaves(state) if isinstance(leaf, Tensor)]

    def state_after(self, inputs: Tensor, source: Tensor | None = None) -> tuple[Tensor, Any]:
        """As the model's own `extend` of an empty state by what is asked of the last token."""
        empty = self.model.start(inputs.shape[0], self.capacity, _source(source))
        return self.model.extend(inputs, empty, last=True)


class NextTokens(nn.Module):
    """One `extend` of a state of `like`'s form, given and returned as its leaves."""

    def __init__(self, model: Model, like: Any) -> None:
        super().__init__()
        self.model, self.like = model, like

    def forward(self, inputs: Tensor, state: list[Leaf]) -> tuple[Tensor, list[Leaf]]:
        """inputs: (B, 1) -> outputs there, and the new leaves."""
        y, after = self.model.extend(inputs, with_leaves(self.like, state))
        return y, leaves(after)


def _source(given: Tensor | None) -> Source | None:
    return None if given is None else Source(given)

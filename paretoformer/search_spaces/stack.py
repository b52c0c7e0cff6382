"""Stacks as modules: blocks of residual branches, run whole or extended token by token."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from paretoformer.search_spaces.architecture import Stack
from paretoformer.search_spaces.branch import BranchModule
from paretoformer.search_spaces.contract import Attention, Context, Memory, MixerPosition, Site


@dataclass(frozen=True)
class StackState:
    """The states of all branches, loop by loop in order, after `length` tokens."""

    branches: tuple[Any, ...]
    length: int = 0


class StackModule(nn.Module):
    """Position, blocks, final norm."""

    def __init__(self, stack: Stack, site: Site) -> None:
        super().__init__()
        self.causal, self.grid = site.causal, site.grid
        self.position = stack.position.build(site)
        self.branches = nn.ModuleList(BranchModule(branch, site) for branch in stack.branches)
        self.final_norm = stack.final_norm.build(site.of("mixer")) if stack.final_norm and site.closed else None
        joined = len(stack.blocks[0]) if stack.residual == "block" else 1
        made = [branch for branch in self.branches if isinstance(branch, BranchModule)]
        self._residuals = tuple(tuple(made[at : at + joined]) for at in range(0, len(made), joined)) * stack.loops
        if stack.position.shared:
            _share_positions(self._attentions())

    def forward(self, x: Tensor, lengths: Tensor | None = None, memory: Memory | None = None) -> Tensor:
        """x: (B, N, D), lengths (B,) -> (B, N, D)."""
        context = Context(causal=self.causal, grid=self.grid, lengths=lengths, memory=memory)
        x = self._placed(x, context)
        for branches in self._residuals:
            y = x
            for branch in branches:
                y = branch.inside(y, context)
            x = branches[-1].joined(x, y, context)
        return self._closed(x, context)

    def start(self, batch: int, capacity: int, like: Tensor, memory: Memory | None = None) -> StackState:
        """Empty states; `like` (..., D) gives width, dtype and device. A memory is read here, once."""
        context = Context(causal=True, memory=memory)
        branches = (branch for branches in self._residuals for branch in branches)
        return StackState(tuple(branch.start(batch, capacity, like, context) for branch in branches))

    def extend(self, x: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """x: (B, T, D), the tokens after those of `state`."""
        context = Context(causal=True, offset=state.length)
        x = self._placed(x, context)
        before, states = iter(state.branches), []
        for branches in self._residuals:
            y = x
            for branch in branches:
                y, after = branch.extend(y, next(before), context)
                states.append(after)
            x = branches[-1].joined(x, y, context)
        return self._closed(x, context), replace(state, branches=tuple(states), length=state.length + x.shape[1])

    def _attentions(self) -> Iterator[Attention]:
        bodies = (branch.body for branch in self.branches if isinstance(branch, BranchModule))
        return (body for body in bodies if isinstance(body, Attention))

    def _placed(self, x: Tensor, context: Context) -> Tensor:
        if self.position is None:
            return x
        y: Tensor = self.position(x, context.positions(x.shape[1], x.device))
        return y

    def _closed(self, x: Tensor, context: Context) -> Tensor:
        return x if self.final_norm is None else self.final_norm(x, context)


def _share_positions(attentions: Iterator[Attention]) -> None:
    """Give attentions with heads of one number and width the position of the first of them."""
    first: dict[tuple[int, int], MixerPosition] = {}
    for attention in attentions:
        if attention.placed:
            attention.position = first.setdefault((attention.heads, attention.head_width), attention.position)

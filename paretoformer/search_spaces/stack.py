"""Stacks as modules: blocks of residual branches, run whole or extended token by token."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from paretoformer.search_spaces.architecture import Branch, Stack
from paretoformer.search_spaces.contract import Context, FeedForward, Mixer, MixerConfig, Site


class BranchModule(nn.Module):
    """One residual branch."""

    def __init__(self, branch: Branch, site: Site) -> None:
        super().__init__()
        self.body: Mixer | FeedForward = branch.body.build(site)
        self.norm = branch.norm.build(site)
        self.before = branch.placement == "pre"

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        if self.before:
            y: Tensor = x + self.body(self.norm(x, context), context)
        else:
            y = self.norm(x + self.body(x, context), context)
        return y

    def start(self, batch: int, capacity: int, like: Tensor) -> Any:
        """What decoding keeps for it at first: None for a branch that is no mixer."""
        return self.body.start(batch, capacity, like) if isinstance(self.body, Mixer) else None

    def extend(self, x: Tensor, state: Any, context: Context) -> tuple[Tensor, Any]:
        """x: (B, T, D); a branch without state passes it on."""
        given = self.norm(x, context) if self.before else x
        if isinstance(self.body, Mixer):
            y, state = self.body.extend(given, state, context)
        else:
            y = self.body(given, context)
        return (x + y if self.before else self.norm(x + y, context)), state


@dataclass(frozen=True)
class StackState:
    """The states of all branches in order, after `length` tokens."""

    branches: tuple[Any, ...]
    length: int = 0


class StackModule(nn.Module):
    """Position, blocks, final norm."""

    def __init__(self, stack: Stack, site: Site) -> None:
        super().__init__()
        self.causal, self.grid = site.causal, site.grid
        self.position = stack.position.build(site)
        self.branches = nn.ModuleList(BranchModule(branch, site) for branch in stack.branches)
        self.final_norm = stack.final_norm.build(site) if stack.final_norm else None

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """x: (B, N, D), lengths (B,) -> (B, N, D)."""
        context = Context(causal=self.causal, grid=self.grid, lengths=lengths)
        x = self._placed(x, context)
        for branch in self.branches:
            x = branch(x, context)
        return self._closed(x, context)

    def start(self, batch: int, capacity: int, like: Tensor) -> StackState:
        """Empty states; `like` (..., D) gives width, dtype and device."""
        return StackState(tuple(branch.start(batch, capacity, like) for branch in self._branches()))

    def extend(self, x: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """x: (B, T, D), the tokens after those of `state`."""
        context = Context(causal=True, offset=state.length)
        x = self._placed(x, context)
        states = []
        for branch, before in zip(self._branches(), state.branches, strict=True):
            x, after = branch.extend(x, before, context)
            states.append(after)
        return self._closed(x, context), replace(state, branches=tuple(states), length=state.length + x.shape[1])

    def _branches(self) -> Iterator[BranchModule]:
        return (branch for branch in self.branches if isinstance(branch, BranchModule))

    def _placed(self, x: Tensor, context: Context) -> Tensor:
        if self.position is None:
            return x
        y: Tensor = self.position(x, context.positions(x.shape[1], x.device))
        return y

    def _closed(self, x: Tensor, context: Context) -> Tensor:
        return x if self.final_norm is None else self.final_norm(x, context)


def stack_parameters(stack: Stack, site: Site) -> int:
    """Parameters of `StackModule(stack, site)`."""
    inner = sum(part.parameters(site) for branch in stack.branches for part in branch.parts)
    return inner + stack.position.parameters(site) + (stack.final_norm.parameters(site) if stack.final_norm else 0)


def stack_macs(stack: Stack, site: Site, length: int) -> int:
    """Multiply-accumulates of `StackModule.forward` for one sequence of `length` tokens."""
    return sum(part.macs(site, length) for branch in stack.branches for part in branch.parts)


def stack_state_bytes(stack: Stack, site: Site, length: int) -> int:
    """Bytes of fp32 decoding state for one sequence after `length` tokens."""
    return sum(b.body.state_bytes(site, length) for b in stack.branches if isinstance(b.body, MixerConfig))

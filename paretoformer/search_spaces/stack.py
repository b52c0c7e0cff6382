"""Stacks as modules: blocks of residual branches, run whole or extended token by token."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from paretoformer.search_spaces.architecture import Stack
from paretoformer.search_spaces.branch import BranchModule, summed
from paretoformer.search_spaces.contract import Attention, Capability, Context, Memory, MixerPosition, Site
from paretoformer.search_spaces.packed_stack import packing_for, packs

States = tuple[Any, ...]
"""The states of branches in order, loop by loop."""


@dataclass(frozen=True)
class StackState:
    """The states of all branches after `length` tokens."""

    branches: States
    length: int = 0


class StackModule(nn.Module):
    """Position, opening norm, blocks, final norm. A topology may also run its blocks in parts: `place`, `run`, `close`."""

    def __init__(self, stack: Stack, site: Site) -> None:
        super().__init__()
        self.causal, self.grid, self.block = site.causal, site.grid, site.block
        self.position, self.exit = stack.position.build(site), stack.exit.build(site)
        self._placed = stack.position.choice
        self._most = site.length if Capability.FIXED_LENGTH in self._placed.capabilities else None
        self.branches = nn.ModuleList(BranchModule(branch, site) for branch in stack.branches)
        self.opening_norm = stack.opening_norm.build(site.of("mixer")) if stack.opening_norm else None
        self.final_norm = stack.final_norm.build(site.of("mixer")) if stack.final_norm and site.closed else None
        self.packs = packs(stack, site)
        self._blocks = _residuals(self.branches, stack) * stack.loops
        if stack.position.shared:
            _share_positions(self._attentions(stack))

    def forward(self, x: Tensor, lengths: Tensor | None = None, memory: Memory | None = None) -> Tensor:
        """x: (B, N, D), lengths (B,) -> (B, N, D); what stands at padding is finite and otherwise unspecified."""
        x, context = self._begun(x, lengths, memory)
        return self._ended(self.run(x, context), context)

    def context(self, lengths: Tensor | None = None, memory: Memory | None = None) -> Context:
        """That of a whole sequence."""
        return Context(causal=self.causal, block=self.block, grid=self.grid, lengths=lengths, memory=memory)

    def place(self, x: Tensor, context: Context) -> Tensor:
        """What position and opening norm do to the input.

        Raises:
            ValueError: the position has no rows for so many tokens.
        """
        given = context.offset + x.shape[1]
        if self._most is not None and given > self._most:
            raise ValueError(f"position {self._placed} was built for {self._most} tokens, and is given {given}.")
        if self.position is not None:
            x = self.position.at(x, context)
        return x if self.opening_norm is None else self.opening_norm(x, context)

    def run(self, x: Tensor, context: Context, start: int = 0, stop: int | None = None) -> Tensor:
        """Blocks `start` to `stop` alone; loops count as further blocks."""
        blocks = self._blocks[start:stop]
        added: Tensor | None = None  # to x, by the next branch's norm
        for number, block in enumerate(blocks, start=1):
            before = x
            for first, *others in block:
                given, x = first.opened(x, added, context)
                added = None
                y = first.through(given, context)
                del given
                for branch in others:
                    y = branch.inside(y, context)
                x, added = (others[-1] if others else first).unjoined(x, y, context)
                del y
            asked = self.exit if number < len(blocks) and not self.training else None
            if asked is not None:
                x, added = summed(x, added), None
                if asked.leaves(before, x, context):
                    break
        return summed(x, added)

    def by_depth(self, x: Tensor, lengths: Tensor | None = None, memory: Memory | None = None) -> Iterator[Tensor]:
        """The output as it would be if the stack ended after each of its blocks, loops counted as further ones."""
        x, context = self._begun(x, lengths, memory)
        for block in range(len(self._blocks)):
            x = self.run(x, context, block, block + 1)
            yield self._ended(x, context)

    def close(self, x: Tensor, context: Context) -> Tensor:
        """The final norm, where there is one."""
        return x if self.final_norm is None else self.final_norm(x, context)

    def start(self, batch: int, capacity: int, like: Tensor, memory: Memory | None = None) -> StackState:
        """Empty states; `like` (..., D) gives width, dtype and device. A memory is read here, once."""
        return StackState(self.start_run(batch, capacity, like, Context(causal=True, memory=memory)))

    def start_run(
        self, batch: int, capacity: int, like: Tensor, context: Context, start: int = 0, stop: int | None = None
    ) -> States:
        """Empty states of the branches of blocks `start` to `stop`."""
        branches = (branch for block in self._blocks[start:stop] for residual in block for branch in residual)
        return tuple(branch.start(batch, capacity, like, context) for branch in branches)

    def extend(self, x: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """x: (B, T, D), the tokens after those of `state`."""
        context = Context(causal=True, block=self.block, offset=state.length)
        y, branches = self.extend_run(self.place(x, context), state.branches, context)
        return self.close(y, context), replace(state, branches=branches, length=state.length + x.shape[1])

    def extend_run(
        self, x: Tensor, states: States, context: Context, start: int = 0, stop: int | None = None
    ) -> tuple[Tensor, States]:
        """`run` for the tokens x: (B, T, D) that come next, with the states of those blocks and then the new ones."""
        before, after = iter(states), []
        for residual in (residual for block in self._blocks[start:stop] for residual in block):
            y = x
            for branch in residual:
                y, state = branch.extend(y, next(before), context)
                after.append(state)
            x = residual[-1].joined(x, y, context)
        return x, tuple(after)

    def _begun(self, x: Tensor, lengths: Tensor | None, memory: Memory | None) -> tuple[Tensor, Context]:
        """What the blocks read: without padding, (1, M, D), where the context has a packing."""
        context = self.context(lengths, memory)
        x = self.place(x, context)
        packing = packing_for(x, lengths) if self.packs else None
        if packing is None:
            return x, context
        return packing.pack(x)[None], replace(context, lengths=None, packing=packing)

    def _ended(self, x: Tensor, context: Context) -> Tensor:
        """The blocks' output as the stack's, (B, N, D)."""
        y = self.close(x, context)
        return y if context.packing is None else context.packing.unpack(y[0])

    def _attentions(self, stack: Stack) -> Iterator[Attention]:
        """Those whose position is the stack's."""
        made = zip(self.branches, stack.branches, strict=True)
        bodies = (
            module.body for module, branch in made if isinstance(module, BranchModule) and branch.position is None
        )
        return (body for body in bodies if isinstance(body, Attention))


def _residuals(branches: nn.ModuleList, stack: Stack) -> tuple[tuple[tuple[BranchModule, ...], ...], ...]:
    """By block, the branches of each residual: one, or all of the block."""
    made = iter(branch for branch in branches if isinstance(branch, BranchModule))
    blocks = [tuple(next(made) for _ in block) for block in stack.blocks]
    return tuple((block,) if stack.residual == "block" else tuple((branch,) for branch in block) for block in blocks)


def _share_positions(attentions: Iterator[Attention]) -> None:
    """Give attentions with heads of one number and width the position of the first of them."""
    first: dict[tuple[int, int], MixerPosition] = {}
    for attention in attentions:
        if attention.placed:
            attention.position = first.setdefault((attention.heads, attention.head_width), attention.position)

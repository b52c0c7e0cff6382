"""A residual branch as a module, run whole or extended token by token."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from paretoformer.search_spaces.architecture import Branch
from paretoformer.search_spaces.contract import Context, FeedForward, Mixer, Site


class BranchModule(nn.Module):
    """The module of a `Branch` in a stack at `site`."""

    def __init__(self, branch: Branch, site: Site) -> None:
        super().__init__()
        own = branch.site(site)
        self.body: Mixer | FeedForward = branch.body.build(own)
        self.norm = branch.norm.build(own)
        self.placement = branch.placement
        self.norm_after = branch.norm.build(own) if branch.placement == "sandwich" else None
        normed = own.memory if own.memory is not None and own.memory.normed else None
        self.memory_norm = branch.norm.build(replace(own, width=normed.width)) if normed else None
        scale, kept = branch.layer_scale, branch.residual_scale
        self.layer_scale = None if scale is None else nn.Parameter(torch.full((site.width,), float(scale)))
        self.residual_scale = nn.Parameter(torch.ones(site.width)) if kept else None

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        return self.joined(x, self.inside(x, context), context)

    def inside(self, x: Tensor, context: Context) -> Tensor:
        """What the branch computes of x: (B, N, D), before it is joined to the residual."""
        return self.through(self._given(x, context), context)

    def opened(self, x: Tensor, added: Tensor | None, context: Context) -> tuple[Tensor, Tensor]:
        """What the body is given of x + added, and that sum; nothing may be there to add."""
        if added is None:
            return self._given(x, context), x
        if self.placement == "post":
            x = x + added
            return x, x
        return self.norm.of_sum(x, added, context)

    def through(self, given: Tensor, context: Context) -> Tensor:
        """What the body makes of what it is given."""
        y: Tensor = self.body(given, self._reading(context))
        return y

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Any:
        """What decoding keeps for it at first: None for a branch that is no mixer."""
        if not isinstance(self.body, Mixer):
            return None
        return self.body.start(batch, capacity, like, self._reading(context))

    def extend(self, x: Tensor, state: Any, context: Context) -> tuple[Tensor, Any]:
        """`inside` for the tokens x: (B, T, D) that come next; a branch without state passes it on."""
        given = self._given(x, context)
        return (
            self.body.extend(given, state, context)
            if isinstance(self.body, Mixer)
            else (self.body(given, context), state)
        )

    def joined(self, x: Tensor, y: Tensor, context: Context) -> Tensor:
        """The residual x and what is added to it, with scales, and the norm where it stands after."""
        return summed(*self.unjoined(x, y, context))

    def unjoined(self, x: Tensor, y: Tensor, context: Context) -> tuple[Tensor, Tensor | None]:
        """`joined`, or on a GPU two parts whose sum waits for the next branch's norm, where this branch's does not come after."""
        if self.norm_after is not None:
            y = self.norm_after(y, context)
        if self.layer_scale is not None:
            y = self.layer_scale * y
        if self.residual_scale is not None:
            x = self.residual_scale * x
        if self.placement == "post":
            return self.norm(x + y, context), None
        return (x, y) if x.is_cuda else (x + y, None)

    def _reading(self, context: Context) -> Context:
        """The context with the memory as this branch reads it."""
        if self.memory_norm is None or context.memory is None:
            return context
        own = replace(context, lengths=context.memory.lengths)
        memory = replace(context.memory, tokens=self.memory_norm(context.memory.tokens, own))
        return replace(context, memory=memory)

    def _given(self, x: Tensor, context: Context) -> Tensor:
        y: Tensor = x if self.placement == "post" else self.norm(x, context)
        return y


def summed(x: Tensor, added: Tensor | None) -> Tensor:
    """x + added, where there is something to add."""
    return x if added is None else x + added

"""Keys and values go round the ranks while each attends to those that it holds; memory 2 blocks, P - 1 messages."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from paretoformer.kernels.distributed_attention.blocks import Rows
from paretoformer.kernels.distributed_attention.exchange import Exchange
from paretoformer.kernels.distributed_attention.partial import Partial
from paretoformer.kernels.precision import widened


class Ring(torch.autograd.Function):
    """q (B, H, n, d), k and v (B, Hkv, n, d) of one rank -> (B, H, n, d).

    The way back is a second round, in which the gradients of keys and values travel with them and end at home.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, exchange: Exchange, rows: Rows) -> Tensor:
        """The rank's rows."""
        ctx.exchange, ctx.rows = exchange, rows
        partials: dict[int, Partial] = {}
        held, ranks = torch.stack((k, v)), exchange.ranks
        for step in range(ranks):
            arrived = exchange.rotate(held) if step < ranks - 1 else None
            rows.add(partials, q, held, (exchange.rank - step) % ranks)
            if arrived is not None:
                held = arrived()
        out, lse = rows.finish(partials, q.dtype)
        ctx.save_for_backward(q, k, v, out, lse)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of its q, k and v."""
        q, k, v, out, lse = ctx.saved_tensors
        exchange, rows = ctx.exchange, ctx.rows
        held, dq, ranks = torch.stack((k, v)), widened(torch.zeros_like(q)), exchange.ranks
        own, coming = widened(torch.zeros_like(held)), None
        for step in range(ranks):
            arrived = exchange.rotate(held) if step < ranks - 1 else None
            source = (exchange.rank - step) % ranks
            part = rows.gradients(q, held, source, (out, lse), given, dq)
            if step == 0:
                own = part
            else:  # what earlier ranks found for this block follows it
                coming = exchange.rotate(part if coming is None else part.add_(coming()))
            if arrived is not None:
                held = arrived()
        if coming is not None:
            own += coming()
        return dq.to(q.dtype), own[0].to(k.dtype), own[1].to(v.dtype), None, None

"""Every rank gathers all keys and values; memory 2 L d numbers, one collective. What the ring is compared with."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from paretoformer.kernels.distributed_attention.blocks import Rows
from paretoformer.kernels.distributed_attention.exchange import Exchange
from paretoformer.kernels.distributed_attention.partial import Partial
from paretoformer.kernels.precision import widened


class Gather(torch.autograd.Function):
    """q (B, H, n, d), k and v (B, Hkv, n, d) of one rank -> (B, H, n, d); what was gathered is kept for the way back."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, exchange: Exchange, rows: Rows) -> Tensor:
        """The rank's rows."""
        ctx.exchange, ctx.rows = exchange, rows
        partials: dict[int, Partial] = {}
        held = exchange.gather(torch.stack((k, v)))
        for source in range(exchange.ranks):
            rows.add(partials, q, held[source], source)
        out, lse = rows.finish(partials, q.dtype)
        ctx.save_for_backward(q, held, out, lse)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of its q, k and v."""
        q, held, out, lse = ctx.saved_tensors
        exchange, rows = ctx.exchange, ctx.rows
        dq = widened(torch.zeros_like(q))
        parts = [rows.gradients(q, held[i], i, (out, lse), given, dq) for i in range(exchange.ranks)]
        dk, dv = exchange.swap(torch.stack(parts)).sum(0).to(held.dtype)
        return dq.to(q.dtype), dk, dv, None, None

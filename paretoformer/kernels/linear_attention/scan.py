"""Causal linear attention as an operator of torch: chunks on a GPU, forward and backward by the same two kernels."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from paretoformer.kernels import dispatch
from paretoformer.kernels.launch import on_device, power_of_two, processors
from paretoformer.kernels.linear_attention import kernels

HELD_NUMBERS = 8_192
"""Of the running sum that a program keeps in registers."""
PROGRAMS_PER_PROCESSOR = 4
ALIGNED = 8
"""Columns of values are padded to a multiple, so that rows of two-byte numbers begin at 16 bytes."""


def scan(q: Tensor, k: Tensor, v: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
    """`causal_linear_attention` forward in time, in autocast's dtype, columns of v padded as the kernels like them."""
    if torch.is_autocast_enabled("cuda"):
        q, k, v = (x.to(torch.get_autocast_dtype("cuda")) for x in (q, k, v))
    columns = v.shape[3]
    missing = -columns % ALIGNED
    if not missing or columns < ALIGNED:
        return causal_linear_attention(q, k, v, state, False)
    state = None if state is None else pad(state, (0, missing))
    out, final = causal_linear_attention(q, k, pad(v, (0, missing)), state, False)
    return out[..., :columns], final[..., :columns]


@torch.library.custom_op("paretoformer::causal_linear_attention", mutates_args=())
def causal_linear_attention(
    q: Tensor, k: Tensor, v: Tensor, state: Tensor | None, reverse: bool
) -> tuple[Tensor, Tensor]:
    """sum_{j <= i} (q_i . k_j) v_j + q_i state, over j >= i with `reverse`, sums in fp32.

    Args:
        q, k: (B, H, N, d). v: (B, H, N, e), all of one dtype, any strides. state: (B, H, d, e) fp32.

    Returns:
        (B, H, N, e), and state + k^T v in fp32.
    """
    dispatch.remember("linear_attention", dispatch.Path.TRITON)
    batch, heads, length, width = q.shape
    columns = v.shape[3]
    cut = _Cut.of(batch * heads, length, width, columns, q)
    out = q.new_empty(batch, heads, length, columns)
    final = q.new_empty(batch, heads, width, columns, dtype=torch.float32)
    constants: dict[str, Any] = cut.constants | {"D": width, "E": columns}
    grid = (batch * heads, -(-columns // cut.block_e), cut.segments)
    before = None if state is None else state.contiguous()
    with on_device(q):
        if cut.segments > 1:
            products = q.new_empty(cut.segments, *final.shape, dtype=torch.float32)
            kernels.sums[grid](k, v, products, *k.stride(), *v.stride(), heads, length, cut.each, **constants)
            before, final = _running(products, before, reverse)
        kernels.outputs[grid](
            q, k, v, before, out, final, *q.stride(), *k.stride(), *v.stride(), heads, length, cut.each,
            REVERSE=reverse, STATEFUL=before is not None, WHOLE=cut.segments == 1, **constants,
        )  # fmt: skip
    return out, final


@causal_linear_attention.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, state: Tensor | None, reverse: bool) -> tuple[Tensor, Tensor]:
    batch, heads, length, width = q.shape
    return (
        q.new_empty(batch, heads, length, v.shape[3]),
        q.new_empty(batch, heads, width, v.shape[3], dtype=torch.float32),
    )


def _remember(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor, Tensor | None, bool], output: Any) -> None:
    q, k, v, state, ctx.reverse = inputs
    ctx.save_for_backward(q, k, v, state)


def _backward(ctx: Any, out: Tensor, final: Tensor) -> tuple[Tensor | None, ...]:
    """Each gradient is causal linear attention of other operands, those of k and v with time turned round."""
    q, k, v, state = ctx.saved_tensors
    needs, reverse = ctx.needs_input_grad, ctx.reverse
    turned = None if state is None else state.mT
    dq = dk = dv = dstate = None
    if needs[0]:
        dq, _ = causal_linear_attention(out, v, k, turned, reverse)
    if needs[1]:
        dk, _ = causal_linear_attention(v, out, q, final.mT, not reverse)
    if needs[2] or needs[3]:
        dv, dstate = causal_linear_attention(k, q, out, final, not reverse)
    return dq, dk, dv, dstate if state is not None else None, None


causal_linear_attention.register_autograd(_backward, setup_context=_remember)


def _running(products: Tensor, state: Tensor | None, reverse: bool) -> tuple[Tensor, Tensor]:
    """(the sum before each segment, the sum of all) of products (segments, B, H, d, e), with `state` before the first."""
    order = products.flip(0) if reverse else products
    start = torch.zeros_like(products[:1]) if state is None else state[None]
    sums = torch.cat((start, order)).cumsum(0)
    before = sums[:-1].flip(0) if reverse else sums[:-1]
    return before, sums[-1].clone()


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """How a sequence is cut in segments, and what a program takes of one."""

    segments: int
    each: int
    """Chunks of a segment."""
    block_e: int
    constants: dict[str, Any]

    @classmethod
    def of(cls, heads: int, length: int, width: int, columns: int, like: Tensor) -> "_Cut":
        """As few segments as occupy the device; a program holds a state of 8,192 numbers at most."""
        block_d = power_of_two(width, 16)
        block_e = power_of_two(min(columns, max(16, HELD_NUMBERS // block_d)), 16)
        row_bytes = block_d * like.element_size()
        chunk = 64 if row_bytes <= 512 else 32
        chunks = -(-length // chunk)
        programs = heads * -(-columns // block_e)
        segments = (
            1 if programs >= processors(like.device) else PROGRAMS_PER_PROCESSOR * processors(like.device) // programs
        )
        each = -(-chunks // max(1, min(segments, chunks)))
        return cls(
            segments=-(-chunks // each),
            each=each,
            block_e=block_e,
            constants={
                "BLOCK_D": block_d,
                "BLOCK_E": block_e,
                "CHUNK": chunk,
                "STAGES": 2 if row_bytes <= 256 else 1,
                "PRECISION": "tf32x3" if like.dtype == torch.float32 else "ieee",
                "num_warps": 4 if block_d * block_e <= HELD_NUMBERS // 2 else 8,
            },
        )

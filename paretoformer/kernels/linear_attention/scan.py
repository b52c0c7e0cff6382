"""Causal linear attention as an operator of torch: chunks on a GPU, forward and backward by the same two kernels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from paretoformer.kernels import dispatch
from paretoformer.kernels.launch import Launcher, power_of_two, processors, traced
from paretoformer.kernels.linear_attention import kernels

HELD_NUMBERS = 8_192
"""Of the running sum that a program keeps in registers."""
MOST_COLUMNS = 64
"""Of the values that a program treats."""
PROGRAMS_PER_PROCESSOR = 4
SCANNED_NUMBERS = 4_096
"""Of the segments' sums that a program adds up."""
ALIGNED = 8
"""Columns of values are padded to a multiple, so that rows of two-byte numbers begin at 16 bytes."""

_sums, _running, _outputs = Launcher(kernels.sums), Launcher(kernels.running), Launcher(kernels.outputs)


def scan(q: Tensor, k: Tensor, v: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
    """`causal_linear_attention` forward in time, columns of v padded as the kernels like them.

    In autocast's dtype, but not in fp16, in which sums would end at 65,504.
    """
    if torch.is_autocast_enabled("cuda"):
        narrow = torch.get_autocast_dtype("cuda")
        q, k, v = (x.to(torch.float32 if narrow == torch.float16 else narrow) for x in (q, k, v))
    columns = v.shape[3]
    missing = -columns % ALIGNED
    if not missing or columns < ALIGNED:
        return _attend(q, k, v, state)
    state = None if state is None else pad(state, (0, missing))
    out, final = _attend(q, k, pad(v, (0, missing)), state)
    return out[..., :columns], final[..., :columns]


def scan_with_divisor(q: Tensor, k: Tensor, v: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """`scan` of v, and of ones in a narrow pass of its own: a column more would make rows that begin nowhere aligned.

    state: (B, H, d, e + 1).
    """
    values, ones = (None, None) if state is None else (state[..., :-1], state[..., -1:])
    total, values = scan(q, k, v, values)
    divisor, ones = scan(q, k, v.new_ones(1).expand(*v.shape[:3], 1), ones)
    return total, divisor, None if state is None else torch.cat((values, ones), -1)


def _attend(q: Tensor, k: Tensor, v: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
    if traced(q):
        return causal_linear_attention(q, k, v, state, False)
    if dispatch.wants_gradient(q, k, v, state):
        return _Scan.apply(q, k, v, state)  # type: ignore[no-untyped-call]
    return _launch(q, k, v, state, False)


def _launch(q: Tensor, k: Tensor, v: Tensor, state: Tensor | None, reverse: bool) -> tuple[Tensor, Tensor]:
    """sum_{j <= i} (q_i . k_j) v_j + q_i state, over j >= i with `reverse`, sums in fp32.

    Args:
        q, k: (B, H, N, d). v: (B, H, N, e), all of one dtype, any strides. state: (B, H, d, e) fp32.

    Returns:
        (B, H, N, e), and state + k^T v in fp32.
    """
    dispatch.remember("linear_attention", dispatch.Path.TRITON)
    batch, heads, length, width = q.shape
    columns = v.shape[3]
    cut = _cut(batch * heads, length, width, columns, q.dtype, q.device)
    out = q.new_empty(batch, heads, length, columns)
    final = q.new_empty(batch, heads, width, columns, dtype=torch.float32)
    before = None if state is None else state.contiguous()
    numbers = (heads, length, cut.each)
    if cut.segments > 1:
        products = q.new_empty(cut.segments, *final.shape, dtype=torch.float32)
        _sums(cut.grid, (k, v, products), (*k.stride(), *v.stride()), numbers, cut.summing)
        scanning = cut.scanning | {"REVERSE": reverse, "STATEFUL": before is not None}
        blocks = -(-final.numel() // cut.scanning["BLOCK"])
        _running((blocks,), (products, before, final), (final.numel(),), (cut.segments,), scanning)
        before = products
    attending = cut.summing | {"REVERSE": reverse, "STATEFUL": before is not None, "WHOLE": cut.segments == 1}
    strides = (*q.stride(), *k.stride(), *v.stride())
    _outputs(cut.grid, (q, k, v, before, out, final), strides, numbers, attending)
    return out, final


causal_linear_attention = torch.library.custom_op("paretoformer::causal_linear_attention", _launch, mutates_args=())


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


def _gradients(
    attend: Callable[..., tuple[Tensor, Tensor]], ctx: Any, out: Tensor, final: Tensor | None
) -> list[Tensor | None]:
    """Each gradient is causal linear attention of other operands, those of k and v with time turned round."""
    q, k, v, state = ctx.saved_tensors
    needs, reverse = ctx.needs_input_grad, ctx.reverse
    dq = dk = dv = dstate = None
    if needs[0]:
        dq, _ = attend(out, v, k, None if state is None else state.mT, reverse)
    if needs[1]:
        dk, _ = attend(v, out, q, None if final is None else final.mT, not reverse)
    if needs[2] or needs[3]:
        dv, dstate = attend(k, q, out, final, not reverse)
    return [dq, dk, dv, None if state is None else dstate]


def _backward(ctx: Any, out: Tensor, final: Tensor) -> tuple[Tensor | None, ...]:
    return *_gradients(causal_linear_attention, ctx, out, final), None


causal_linear_attention.register_autograd(_backward, setup_context=_remember)


class _Scan(torch.autograd.Function):
    """The operator forward in time without torch's dispatch."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        _remember(ctx, (q, k, v, state, False), None)
        return _launch(q, k, v, state, False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, out: Tensor | None, final: Tensor | None) -> tuple[Tensor | None, ...]:
        out = torch.zeros_like(ctx.saved_tensors[2]) if out is None else out
        return tuple(_gradients(_launch, ctx, out, final))


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """How a sequence is cut in segments, and what a program takes of one."""

    segments: int
    each: int
    """Chunks of a segment."""
    grid: tuple[int, int, int]
    summing: dict[str, Any]
    """Compile-time constants of a pass over the tokens."""
    scanning: dict[str, Any]
    """Those of the pass over the segments."""


@lru_cache(maxsize=1_024)
def _cut(heads: int, length: int, width: int, columns: int, dtype: torch.dtype, device: torch.device) -> _Cut:
    """As few segments as occupy the device; a program holds a state of 8,192 numbers at most."""
    block_d = power_of_two(width, 16)
    block_e = power_of_two(min(columns, MOST_COLUMNS, max(16, HELD_NUMBERS // block_d)), 16)
    row_bytes = block_d * dtype.itemsize
    chunk = 64 if row_bytes <= 512 else 32
    chunks = -(-length // chunk)
    programs = heads * -(-columns // block_e)
    wanted = 1 if programs >= processors(device) else PROGRAMS_PER_PROCESSOR * processors(device) // programs
    each = -(-chunks // min(wanted, chunks))
    segments = -(-chunks // each)
    together = power_of_two(segments)
    return _Cut(
        segments=segments,
        each=each,
        grid=(heads, -(-columns // block_e), segments),
        scanning={"SEGMENTS": together, "BLOCK": max(16, SCANNED_NUMBERS // together)},
        summing={
            "D": width,
            "E": columns,
            "BLOCK_D": block_d,
            "BLOCK_E": block_e,
            "CHUNK": chunk,
            "STAGES": 3 if row_bytes <= 128 else 2 if row_bytes <= 256 else 1,
            "PRECISION": "tf32x3" if dtype == torch.float32 else "ieee",
        },
    )

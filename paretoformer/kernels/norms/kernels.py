# mypy: ignore-errors
"""Triton kernels of layer, rms and crms normalisation with a residual added on the way, forward and backward.

CENTRE subtracts the mean (layer); without it the same lines are the root-mean-square form. LACKS counts an entry that a row
of mean 0 lacks (crms): one more of minus the row's sum.
"""

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["rows"])
def forward(
    x, residual, weight, bias, y, total, mean, scale, rows, eps, D: tl.constexpr, BLOCK: tl.constexpr,
    ROWS: tl.constexpr, CENTRE: tl.constexpr, LACKS: tl.constexpr, ADDS: tl.constexpr, WEIGHTED: tl.constexpr,
    BIASED: tl.constexpr, KEPT: tl.constexpr,
):  # fmt: skip
    """ROWS rows of (rows, D): total = x + residual, y = (total - mean) * scale * weight + bias.

    mean, scale: (rows,) fp32, written where KEPT for the way back.
    """
    row, column = tl.program_id(0) * ROWS + tl.arange(0, ROWS), tl.arange(0, BLOCK)
    inside = (row < rows)[:, None] & (column < D)[None, :]
    at = row.to(tl.int64)[:, None] * D + column[None, :]
    value = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    if ADDS:
        value += tl.load(residual + at, mask=inside, other=0.0).to(tl.float32)
        value = value.to(total.dtype.element_ty)
        tl.store(total + at, value, mask=inside)
        value = value.to(tl.float32)
    if CENTRE:
        middle = tl.sum(value, 1) / D
        value = tl.where(inside, value - middle[:, None], 0.0)
        if KEPT:
            tl.store(mean + row, middle, mask=row < rows)
    squares = tl.sum(value * value, 1)
    if LACKS:
        lacking = tl.sum(value, 1)
        squares = (squares + lacking * lacking) / (D + 1)
    else:
        squares /= D
    factor = tl.rsqrt(squares + eps)
    if KEPT:
        tl.store(scale + row, factor, mask=row < rows)
    value *= factor[:, None]
    if WEIGHTED:
        value *= tl.load(weight + column, mask=column < D, other=0.0).to(tl.float32)[None, :]
    if BIASED:
        value += tl.load(bias + column, mask=column < D, other=0.0).to(tl.float32)[None, :]
    tl.store(y + at, value.to(y.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["rows", "each"])
def backward(
    dy, dtotal, total, weight, mean, scale, dx, shares, rows, each, D: tl.constexpr, BLOCK: tl.constexpr,
    ROWS: tl.constexpr, CENTRE: tl.constexpr, LACKS: tl.constexpr, ADDS: tl.constexpr, WEIGHTED: tl.constexpr,
    BIASED: tl.constexpr,
):  # fmt: skip
    """`each` steps of ROWS rows: dx, and this program's shares of dweight and dbias, (those asked for, programs, D) fp32.

    With n = (total - mean) * scale and g = dy * weight: dx = scale (g - mean(g n) n - mean(g)) + dtotal, the last mean
    only where CENTRE; where LACKS, mean(g n) (n + sum(n)), and the mean is of one entry more.
    """
    column = tl.arange(0, BLOCK)
    there = column < D
    factor = tl.full([BLOCK], 1.0, tl.float32)
    if WEIGHTED:
        factor = tl.load(weight + column, mask=there, other=0.0).to(tl.float32)
    of_weight, of_bias = tl.zeros([ROWS, BLOCK], tl.float32), tl.zeros([ROWS, BLOCK], tl.float32)
    for step in range(0, each):
        row = (tl.program_id(0) * each + step) * ROWS + tl.arange(0, ROWS)
        inside = (row < rows)[:, None] & there[None, :]
        at = row.to(tl.int64)[:, None] * D + column[None, :]
        grown = tl.load(scale + row, mask=row < rows, other=0.0)[:, None]
        n = tl.load(total + at, mask=inside, other=0.0).to(tl.float32)
        if CENTRE:
            n = tl.where(inside, n - tl.load(mean + row, mask=row < rows, other=0.0)[:, None], 0.0)
        n *= grown
        given = tl.load(dy + at, mask=inside, other=0.0).to(tl.float32)
        if WEIGHTED:
            of_weight += given * n
        if BIASED:
            of_bias += given
        g = given * factor[None, :]
        along = tl.sum(g * n, 1)[:, None]
        if LACKS:
            n += tl.sum(n, 1)[:, None]
            along /= D + 1
        else:
            along /= D
        left = g - n * along
        if CENTRE:
            left -= (tl.sum(g, 1) / D)[:, None]
        left *= grown
        if ADDS:
            left += tl.load(dtotal + at, mask=inside, other=0.0).to(tl.float32)
        tl.store(dx + at, left.to(dx.dtype.element_ty), mask=inside)
    if WEIGHTED:
        tl.store(shares + tl.program_id(0) * D + column, tl.sum(of_weight, 0), mask=there)
        shares += tl.num_programs(0) * D
    if BIASED:
        tl.store(shares + tl.program_id(0) * D + column, tl.sum(of_bias, 0), mask=there)

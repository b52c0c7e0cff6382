# mypy: ignore-errors
"""Triton kernels of attention without padding: a program takes TILE tokens of one sequence, forward and backward.

offsets: (B + 1,), the first row of each sequence. tiles: (n, 2), the sequence of each program and its first token there.
Scores are in base 2: `scale` is log2(e) / sqrt(d), and lse the logarithm of the sum of 2^s.
"""

import triton
import triton.language as tl


@triton.jit
def _place(offsets, tiles):
    """(first row of the program's sequence, its tokens, the program's first token)."""
    item = tl.program_id(0)
    sequence = tl.load(tiles + 2 * item).to(tl.int64)
    start = tl.load(offsets + sequence)
    length = tl.load(offsets + sequence + 1) - start
    return start.to(tl.int64), length, tl.load(tiles + 2 * item + 1)


@triton.jit
def _rows(x, start, tokens, length, stride_m, stride_d, D: tl.constexpr, BLOCK_D: tl.constexpr):
    """(tokens, BLOCK_D) of one head, zero beyond the length and D."""
    columns = tl.arange(0, BLOCK_D)
    at = (start + tokens)[:, None] * stride_m + columns[None, :] * stride_d
    return tl.load(x + at, mask=(tokens < length)[:, None] & (columns < D)[None, :], other=0.0)


@triton.jit
def _keep_rows(x, value, start, tokens, length, head, HEADS: tl.constexpr, D: tl.constexpr, BLOCK_D: tl.constexpr):
    """Write (tokens, BLOCK_D) to one head of x, contiguous (M, HEADS, D)."""
    columns = tl.arange(0, BLOCK_D)
    at = ((start + tokens)[:, None] * HEADS + head) * D + columns[None, :]
    tl.store(x + at, value.to(x.dtype.element_ty), mask=(tokens < length)[:, None] & (columns < D)[None, :])


@triton.jit
def _seen(queries, keys, length, CAUSAL: tl.constexpr):
    """Which of two orthogonal lists of tokens, one shaped (n, 1) and one (1, n), see each other."""
    seen = (queries < length) & (keys < length)
    if CAUSAL:
        seen = seen & (keys <= queries)
    return seen


@triton.jit(do_not_specialize=["rows"])
def forward(
    q, k, v, out, lse, offsets, tiles,
    stride_qm, stride_qh, stride_qd, stride_km, stride_kh, stride_kd, stride_vm, stride_vh, stride_vd, rows, scale,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, BLOCK_D: tl.constexpr, TILE: tl.constexpr,
    CAUSAL: tl.constexpr, KEPT: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """A tile of queries of one head by online softmax; lse: (H, M) fp32, written where KEPT for the way back."""
    head = tl.program_id(1).to(tl.int64)
    start, length, first = _place(offsets, tiles)
    queries = first + tl.arange(0, TILE)
    asked = _rows(q + head * stride_qh, start, queries, length, stride_qm, stride_qd, D, BLOCK_D)
    k += (head // GROUP) * stride_kh
    v += (head // GROUP) * stride_vh
    m = tl.full([TILE], float("-inf"), tl.float32)
    z = tl.zeros([TILE], tl.float32)
    o = tl.zeros([TILE, BLOCK_D], tl.float32)
    stop = length
    if CAUSAL:
        stop = tl.minimum(length, first + TILE)
    for step in tl.range(0, tl.cdiv(stop, TILE), num_stages=STAGES):
        keys = step * TILE + tl.arange(0, TILE)
        key = _rows(k, start, keys, length, stride_km, stride_kd, D, BLOCK_D)
        value = _rows(v, start, keys, length, stride_vm, stride_vd, D, BLOCK_D)
        s = tl.dot(asked, tl.trans(key), input_precision=PRECISION) * scale
        s = tl.where(_seen(queries[:, None], keys[None, :], length, CAUSAL), s, float("-inf"))
        larger = tl.maximum(m, tl.max(s, 1))
        base = tl.where(larger == float("-inf"), 0.0, larger)  # queries beyond the length see nothing
        shrink = tl.exp2(m - base)
        p = tl.exp2(s - base[:, None])
        z = z * shrink + tl.sum(p, 1)
        o = o * shrink[:, None] + tl.dot(p.to(value.dtype), value, input_precision=PRECISION)
        m = larger
    divisor = tl.where(z == 0.0, 1.0, z)
    _keep_rows(out, o / divisor[:, None], start, queries, length, head, HEADS, D, BLOCK_D)
    if KEPT:
        tl.store(lse + head * rows + start + queries, m + tl.log2(divisor), mask=queries < length)


@triton.jit(do_not_specialize=["rows"])
def backward_queries(
    q, k, v, dout, lse, delta, dq, offsets, tiles,
    stride_qm, stride_qh, stride_qd, stride_km, stride_kh, stride_kd, stride_vm, stride_vh, stride_vd,
    stride_om, stride_oh, stride_od, rows, scale,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, BLOCK_D: tl.constexpr, TILE: tl.constexpr,
    CAUSAL: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """dq of a tile of queries: sum_j p_ij (dout_i . v_j - delta_i) k_j, times 1 / sqrt(d); delta: (H, M) fp32."""
    head = tl.program_id(1).to(tl.int64)
    start, length, first = _place(offsets, tiles)
    queries = first + tl.arange(0, TILE)
    asked = _rows(q + head * stride_qh, start, queries, length, stride_qm, stride_qd, D, BLOCK_D)
    given = _rows(dout + head * stride_oh, start, queries, length, stride_om, stride_od, D, BLOCK_D)
    of_row = head * rows + start + queries
    total = tl.load(lse + of_row, mask=queries < length, other=0.0)[:, None]
    less = tl.load(delta + of_row, mask=queries < length, other=0.0)[:, None]
    k += (head // GROUP) * stride_kh
    v += (head // GROUP) * stride_vh
    sum_q = tl.zeros([TILE, BLOCK_D], tl.float32)
    stop = length
    if CAUSAL:
        stop = tl.minimum(length, first + TILE)
    for step in tl.range(0, tl.cdiv(stop, TILE), num_stages=STAGES):
        keys = step * TILE + tl.arange(0, TILE)
        key = _rows(k, start, keys, length, stride_km, stride_kd, D, BLOCK_D)
        value = _rows(v, start, keys, length, stride_vm, stride_vd, D, BLOCK_D)
        s = tl.dot(asked, tl.trans(key), input_precision=PRECISION) * scale
        p = tl.where(_seen(queries[:, None], keys[None, :], length, CAUSAL), tl.exp2(s - total), 0.0)
        ds = p * (tl.dot(given, tl.trans(value), input_precision=PRECISION) - less)
        sum_q += tl.dot(ds.to(key.dtype), key, input_precision=PRECISION)
    _keep_rows(dq, sum_q * (scale * 0.6931471805599453), start, queries, length, head, HEADS, D, BLOCK_D)


@triton.jit(do_not_specialize=["rows"])
def backward_keys(
    q, k, v, dout, lse, delta, dk, dv, offsets, tiles,
    stride_qm, stride_qh, stride_qd, stride_km, stride_kh, stride_kd, stride_vm, stride_vh, stride_vd,
    stride_om, stride_oh, stride_od, rows, scale,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, BLOCK_D: tl.constexpr, TILE: tl.constexpr,
    CAUSAL: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """dk and dv of a tile of one key head, summed over the query heads that read it."""
    head = tl.program_id(1).to(tl.int64)
    start, length, first = _place(offsets, tiles)
    keys = first + tl.arange(0, TILE)
    key = _rows(k + head * stride_kh, start, keys, length, stride_km, stride_kd, D, BLOCK_D)
    value = _rows(v + head * stride_vh, start, keys, length, stride_vm, stride_vd, D, BLOCK_D)
    sum_k = tl.zeros([TILE, BLOCK_D], tl.float32)
    sum_v = tl.zeros([TILE, BLOCK_D], tl.float32)
    begin = 0
    if CAUSAL:
        begin = first // TILE
    for member in range(GROUP):
        reader = head * GROUP + member
        for step in tl.range(begin, tl.cdiv(length, TILE), num_stages=STAGES):
            queries = step * TILE + tl.arange(0, TILE)
            asked = _rows(q + reader * stride_qh, start, queries, length, stride_qm, stride_qd, D, BLOCK_D)
            given = _rows(dout + reader * stride_oh, start, queries, length, stride_om, stride_od, D, BLOCK_D)
            of_row = reader * rows + start + queries
            total = tl.load(lse + of_row, mask=queries < length, other=0.0)[None, :]
            less = tl.load(delta + of_row, mask=queries < length, other=0.0)[None, :]
            s = tl.dot(key, tl.trans(asked), input_precision=PRECISION) * scale
            p = tl.where(_seen(queries[None, :], keys[:, None], length, CAUSAL), tl.exp2(s - total), 0.0)
            sum_v += tl.dot(p.to(given.dtype), given, input_precision=PRECISION)
            ds = p * (tl.dot(value, tl.trans(given), input_precision=PRECISION) - less)
            sum_k += tl.dot(ds.to(asked.dtype), asked, input_precision=PRECISION)
    _keep_rows(dk, sum_k * (scale * 0.6931471805599453), start, keys, length, head, HEADS // GROUP, D, BLOCK_D)
    _keep_rows(dv, sum_v, start, keys, length, head, HEADS // GROUP, D, BLOCK_D)

# mypy: ignore-errors
"""Triton kernels of causal linear attention: sums of whole segments, then every segment chunk by chunk.

A segment is `each` chunks of CHUNK tokens. REVERSE turns time round: chunks are visited from the last on, and row i sums
over j >= i.
"""

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["heads", "length", "each"])
def sums(
    k, v, out, stride_kb, stride_kh, stride_kn, stride_kd, stride_vb, stride_vh, stride_vn, stride_ve,
    heads, length, each, D: tl.constexpr, E: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_E: tl.constexpr,
    CHUNK: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """BLOCK_E columns of k^T v of one segment; out: (segments, B, H, D, E) fp32."""
    head, part, segment = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.program_id(2)
    rows = tl.arange(0, BLOCK_D)
    columns = part * BLOCK_E + tl.arange(0, BLOCK_E)
    k += (head // heads) * stride_kb + (head % heads) * stride_kh
    v += (head // heads) * stride_vb + (head % heads) * stride_vh
    total = tl.zeros([BLOCK_D, BLOCK_E], tl.float32)
    first = segment * each
    count = tl.minimum(each, tl.cdiv(length, CHUNK) - first)
    for step in tl.range(0, count, num_stages=STAGES):
        tokens = (first + step) * CHUNK + tl.arange(0, CHUNK)
        there, wide = (tokens < length)[:, None], tokens.to(tl.int64)[:, None]
        keys = tl.load(k + wide * stride_kn + rows[None, :] * stride_kd, mask=there & (rows < D)[None, :], other=0.0)
        values = tl.load(v + wide * stride_vn + columns[None, :] * stride_ve, mask=there & (columns < E)[None, :],
                         other=0.0)  # fmt: skip
        total += tl.dot(tl.trans(keys), values, input_precision=PRECISION)
    at = rows[:, None] * E + columns[None, :]
    head += segment.to(tl.int64) * tl.num_programs(0)
    tl.store(out + head * D * E + at, total, mask=(rows < D)[:, None] & (columns < E)[None, :])


@triton.jit(do_not_specialize=["segments"])
def running(
    products, initial, final, size, segments, SEGMENTS: tl.constexpr, BLOCK: tl.constexpr, REVERSE: tl.constexpr,
    STATEFUL: tl.constexpr,
):  # fmt: skip
    """Turn the segments' sums, (segments, size) fp32, into the sums before each; final: (size,), the sum of all."""
    order, at = tl.arange(0, SEGMENTS), tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    segment = order
    if REVERSE:
        segment = segments - 1 - order
    inside = (order < segments)[:, None] & (at < size)[None, :]
    place = products + segment.to(tl.int64)[:, None] * size + at[None, :]
    own = tl.load(place, mask=inside, other=0.0)
    start = tl.zeros([BLOCK], tl.float32)
    if STATEFUL:
        start += tl.load(initial + at, mask=at < size, other=0.0)
    tl.store(place, tl.cumsum(own, 0) - own + start[None, :], mask=inside)
    tl.store(final + at, tl.sum(own, 0) + start, mask=at < size)


@triton.jit(do_not_specialize=["heads", "length", "each"])
def outputs(
    q, k, v, before, out, final, stride_qb, stride_qh, stride_qn, stride_qd, stride_kb, stride_kh, stride_kn,
    stride_kd, stride_vb, stride_vh, stride_vn, stride_ve, heads, length, each, D: tl.constexpr, E: tl.constexpr,
    BLOCK_D: tl.constexpr, BLOCK_E: tl.constexpr, CHUNK: tl.constexpr, REVERSE: tl.constexpr, STATEFUL: tl.constexpr,
    WHOLE: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """BLOCK_E columns of one segment's rows, from the sum before it; where it is the WHOLE sequence, the final sum too.

    before: (segments, B, H, D, E) fp32, read where STATEFUL. final: (B, H, D, E) fp32.
    """
    head, part, segment = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.program_id(2)
    rows = tl.arange(0, BLOCK_D)
    columns = part * BLOCK_E + tl.arange(0, BLOCK_E)
    q += (head // heads) * stride_qb + (head % heads) * stride_qh
    k += (head // heads) * stride_kb + (head % heads) * stride_kh
    v += (head // heads) * stride_vb + (head % heads) * stride_vh
    at = rows[:, None] * E + columns[None, :]
    inside = (rows < D)[:, None] & (columns < E)[None, :]
    total = tl.zeros([BLOCK_D, BLOCK_E], tl.float32)
    if STATEFUL:
        earlier = segment.to(tl.int64) * tl.num_programs(0) + head
        total += tl.load(before + earlier * D * E + at, mask=inside, other=0.0)
    ahead = tl.arange(0, CHUNK)[:, None] - tl.arange(0, CHUNK)[None, :]
    if REVERSE:
        ahead = -ahead
    first = segment * each
    count = tl.minimum(each, tl.cdiv(length, CHUNK) - first)
    for step in tl.range(0, count, num_stages=STAGES):
        chunk = first + step
        if REVERSE:
            chunk = first + count - 1 - step
        tokens = chunk * CHUNK + tl.arange(0, CHUNK)
        there, wide = (tokens < length)[:, None], tokens.to(tl.int64)[:, None]
        mask = there & (rows < D)[None, :]
        queries = tl.load(q + wide * stride_qn + rows[None, :] * stride_qd, mask=mask, other=0.0)
        keys = tl.load(k + wide * stride_kn + rows[None, :] * stride_kd, mask=mask, other=0.0)
        mask = there & (columns < E)[None, :]
        values = tl.load(v + wide * stride_vn + columns[None, :] * stride_ve, mask=mask, other=0.0)
        weights = tl.dot(queries, tl.trans(keys), input_precision=PRECISION)
        weights = tl.where(ahead >= 0, weights, 0.0).to(values.dtype)
        y = tl.dot(queries, total.to(queries.dtype), input_precision=PRECISION)
        y += tl.dot(weights, values, input_precision=PRECISION)
        total += tl.dot(tl.trans(keys), values, input_precision=PRECISION)
        tl.store(out + (head * length + wide) * E + columns[None, :], y.to(out.dtype.element_ty), mask=mask)
    if WHOLE:
        tl.store(final + head * D * E + at, total, mask=inside)

# mypy: ignore-errors
"""Triton kernels of decode attention: lean spans, fixed splits, and the merge that both need.

A row is one key head of one request with the query heads that read it. A partial is (m, z, O) of some of a row's keys:
the largest score in base 2, the sum of 2^(s - m), and that of 2^(s - m) v, not yet divided.
"""

import triton
import triton.language as tl


@triton.jit
def _attend(
    q, k_head, v_head, stride_ks, stride_kd, stride_vs, stride_vd, first, count, length, scale,
    D: tl.constexpr, M: tl.constexpr, BLOCK_D: tl.constexpr, TILE: tl.constexpr, PRECISION: tl.constexpr,
    STAGES: tl.constexpr,
):  # fmt: skip
    """The partial of `count` tiles of keys from tile `first` on; q: (M, BLOCK_D), scale includes log2(e)."""
    columns = tl.arange(0, BLOCK_D)
    m = tl.full([M], float("-inf"), tl.float32)
    z = tl.zeros([M], tl.float32)
    o = tl.zeros([M, BLOCK_D], tl.float32)
    for step in tl.range(0, count, num_stages=STAGES):
        keys = (first + step) * TILE + tl.arange(0, TILE)
        seen = keys < length
        inside = seen[:, None] & (columns < D)[None, :]
        at = keys.to(tl.int64)[:, None]
        k = tl.load(k_head + at * stride_ks + columns[None, :] * stride_kd, mask=inside, other=0.0)
        v = tl.load(v_head + at * stride_vs + columns[None, :] * stride_vd, mask=inside, other=0.0)
        s = tl.dot(q, tl.trans(k), input_precision=PRECISION) * scale
        s = tl.where(seen[None, :], s, float("-inf"))
        larger = tl.maximum(m, tl.max(s, 1))
        base = tl.where(larger == float("-inf"), 0.0, larger)
        shrink = tl.exp2(m - base)
        p = tl.exp2(s - base[:, None])
        z = z * shrink + tl.sum(p, 1)
        o = o * shrink[:, None] + tl.dot(p.to(v.dtype), v, input_precision=PRECISION)
        m = larger
    return m, z, o


@triton.jit
def _queries(q, row, stride_qb, stride_qh, stride_qd, HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr,
             M: tl.constexpr, BLOCK_D: tl.constexpr):  # fmt: skip
    """The query heads of a row, (M, BLOCK_D), zero beyond GROUP and D."""
    members, columns = tl.arange(0, M), tl.arange(0, BLOCK_D)
    head = (row % HEADS) * GROUP + members
    at = (row // HEADS).to(tl.int64) * stride_qb + head[:, None] * stride_qh + columns[None, :] * stride_qd
    return tl.load(q + at, mask=(members < GROUP)[:, None] & (columns < D)[None, :], other=0.0)


@triton.jit
def _finish(out, row, first, z, o, valid, GROUP: tl.constexpr, D: tl.constexpr, M: tl.constexpr,
            BLOCK_D: tl.constexpr):  # fmt: skip
    """Write O / z of a row's query heads from the first on; zeros without a key, NaN where the length cannot be."""
    members, columns = first + tl.arange(0, M), tl.arange(0, BLOCK_D)
    y = o / tl.where(z == 0.0, 1.0, z)[:, None]
    y = tl.where(valid, y, float("nan"))
    at = (row.to(tl.int64) * GROUP + members[:, None]) * D + columns[None, :]
    tl.store(out + at, y.to(out.dtype.element_ty), mask=(members < GROUP)[:, None] & (columns < D)[None, :])


@triton.jit
def _keep(sums, weighted, slot, m, z, o, GROUP: tl.constexpr, D: tl.constexpr, M: tl.constexpr, BLOCK_D: tl.constexpr):
    """Write a partial to its slot: sums (slots, 2, GROUP), weighted (slots, GROUP, D)."""
    members, columns = tl.arange(0, M), tl.arange(0, BLOCK_D)
    there = members < GROUP
    tl.store(sums + slot * 2 * GROUP + members, m, mask=there)
    tl.store(sums + slot * 2 * GROUP + GROUP + members, z, mask=there)
    at = (slot.to(tl.int64) * GROUP + members[:, None]) * D + columns[None, :]
    tl.store(weighted + at, o, mask=there[:, None] & (columns < D)[None, :])


@triton.jit
def _merge(
    sums, weighted, out, row, first, host, pieces, first_slot, stride_slot, valid,
    GROUP: tl.constexpr, D: tl.constexpr, G: tl.constexpr, BLOCK_D: tl.constexpr, PIECES: tl.constexpr,
):  # fmt: skip
    """Add up the partials of G query heads of a row in index order and finish them.

    Piece i lies in slot host + stride_slot * i, the first in first_slot.
    """
    members, columns = first + tl.arange(0, G), tl.arange(0, BLOCK_D)
    m = tl.full([G], float("-inf"), tl.float32)
    z = tl.zeros([G], tl.float32)
    o = tl.zeros([G, BLOCK_D], tl.float32)
    for start in range(0, pieces, PIECES):
        piece = start + tl.arange(0, PIECES)
        slot = tl.where(piece == 0, first_slot, host + stride_slot * piece)
        there = (piece < pieces)[:, None] & (members < GROUP)[None, :]
        at = slot[:, None] * 2 * GROUP + members[None, :]
        m_part = tl.load(sums + at, mask=there, other=float("-inf"), cache_modifier=".cg")
        z_part = tl.load(sums + at + GROUP, mask=there, other=0.0, cache_modifier=".cg")
        wide = (slot.to(tl.int64)[:, None, None] * GROUP + members[None, :, None]) * D + columns[None, None, :]
        o_part = tl.load(weighted + wide, mask=there[:, :, None] & (columns < D)[None, None, :], other=0.0,
                         cache_modifier=".cg")  # fmt: skip
        larger = tl.maximum(m, tl.max(m_part, 0))
        base = tl.where(larger == float("-inf"), 0.0, larger)
        shrink, weight = tl.exp2(m - base), tl.exp2(m_part - base[None, :])
        z = z * shrink + tl.sum(z_part * weight, 0)
        o = o * shrink[:, None] + tl.sum(o_part * weight[:, :, None], 0)
        m = larger
    _finish(out, row, first, z, o, valid, GROUP, D, G, BLOCK_D)


@triton.jit
def _clamped(length, keys):
    return tl.minimum(tl.maximum(length, 0), keys)


@triton.jit
def _tiles(length, TILE: tl.constexpr):
    return tl.maximum(tl.cdiv(length, TILE), 1)


@triton.jit
def _steps(lengths, requests, batch, keys, HEADS: tl.constexpr, TILE: tl.constexpr, SETUP: tl.constexpr):
    """Plan.ends' differences: steps of the rows of each request."""
    each = _clamped(tl.load(lengths + requests, mask=requests < batch, other=0).to(tl.int32), keys)
    return tl.where(requests < batch, (_tiles(each, TILE) + SETUP) * HEADS, 0)


@triton.jit
def _total(lengths, batch, keys, HEADS: tl.constexpr, TILE: tl.constexpr, SETUP: tl.constexpr, RAGGED: tl.constexpr,
           BLOCK_B: tl.constexpr):  # fmt: skip
    """Steps of all rows."""
    if RAGGED:
        total = tl.sum(_steps(lengths, tl.arange(0, BLOCK_B), batch, keys, HEADS, TILE, SETUP))
    else:
        total = batch * HEADS * (_tiles(keys, TILE) + SETUP)
    return total


@triton.jit
def _row_at(step, lengths, batch, keys, HEADS: tl.constexpr, TILE: tl.constexpr, SETUP: tl.constexpr,
            RAGGED: tl.constexpr, BLOCK_B: tl.constexpr):  # fmt: skip
    """(row, its first step) of a step in the list of all."""
    if RAGGED:
        requests = tl.arange(0, BLOCK_B)
        here = _steps(lengths, requests, batch, keys, HEADS, TILE, SETUP)
        request = tl.sum((tl.cumsum(here) <= step).to(tl.int32))
        before = tl.sum(tl.where(requests < request, here, 0))
        each = tl.maximum(tl.sum(tl.where(requests == request, here, 0)) // HEADS, 1)
    else:
        each = _tiles(keys, TILE) + SETUP
        request = step // (HEADS * each)
        before = request * HEADS * each
    head = (step - before) // each
    return request * HEADS + head, before + head * each


@triton.jit
def _length_of(row, lengths, keys, HEADS: tl.constexpr, RAGGED: tl.constexpr):
    """(keys of a row, whether its length can be)."""
    if RAGGED:
        given = tl.load(lengths + row // HEADS).to(tl.int32)
        length = _clamped(given, keys)
        valid = given == length
    else:
        length = keys
        valid = keys >= 0
    return length, valid


@triton.jit
def _owner(step, most, high):
    """Plan.owner."""
    late = high + (step - most * high) // tl.maximum(most - 1, 1)
    return tl.where(step < most * high, step // most, late)


@triton.jit(do_not_specialize=["batch", "keys"])
def lean_spans(
    q, k, v, lengths, out, sums, weighted, arrived,
    stride_qb, stride_qh, stride_qd, stride_kb, stride_kh, stride_ks, stride_kd,
    stride_vb, stride_vh, stride_vs, stride_vd, batch, keys, scale,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, M: tl.constexpr, G: tl.constexpr,
    BLOCK_D: tl.constexpr, BLOCK_B: tl.constexpr, TILE: tl.constexpr, SETUP: tl.constexpr, LEAST: tl.constexpr,
    PIECES: tl.constexpr, RAGGED: tl.constexpr, LAST_MERGES: tl.constexpr, PRECISION: tl.constexpr,
    STAGES: tl.constexpr,
):  # fmt: skip
    """One program of a plan: whole rows go to `out`, parts to slots 2 program (a non-host's) and 2 program + 1.

    With LAST_MERGES whoever stores the last part of a row adds them up; else `merge_spans` does, in a second launch.
    """
    program = tl.program_id(0)
    total = _total(lengths, batch, keys, HEADS, TILE, SETUP, RAGGED, BLOCK_B)
    programs = tl.minimum(tl.num_programs(0), tl.cdiv(total, LEAST))
    most = tl.cdiv(total, programs)
    high = total - (most - 1) * programs
    start = most * program - tl.maximum(program - high, 0)
    end = tl.where(program < programs, start + most - (program >= high).to(tl.int32), start)
    position = start
    row, first = _row_at(position, lengths, batch, keys, HEADS, TILE, SETUP, RAGGED, BLOCK_B)
    while position < end:
        length, valid = _length_of(row, lengths, keys, HEADS, RAGGED)
        after = first + SETUP + _tiles(length, TILE)
        stop = tl.minimum(end, after)
        begin = tl.maximum(position - first - SETUP, 0)
        request, head = (row // HEADS).to(tl.int64), (row % HEADS).to(tl.int64)
        queries = _queries(q, row, stride_qb, stride_qh, stride_qd, HEADS, GROUP, D, M, BLOCK_D)
        m, z, o = _attend(
            queries, k + request * stride_kb + head * stride_kh, v + request * stride_vb + head * stride_vh,
            stride_ks, stride_kd, stride_vs, stride_vd, begin, tl.maximum(stop - first - SETUP, 0) - begin, length,
            scale, D, M, BLOCK_D, TILE, PRECISION, STAGES,
        )  # fmt: skip
        host = _owner(first, most, high)
        pieces = _owner(after - 1, most, high) - host + 1
        if pieces == 1:
            _finish(out, row, 0, z, o, valid, GROUP, D, M, BLOCK_D)
        else:
            _keep(sums, weighted, 2 * program + (first >= start).to(tl.int32), m, z, o, GROUP, D, M, BLOCK_D)
            if LAST_MERGES:
                tl.debug_barrier()
                if tl.atomic_add(arrived + row, 1, sem="acq_rel") == pieces - 1:
                    _merge(sums, weighted, out, row, 0, 2 * host, pieces, 2 * host + 1, 2, valid, GROUP, D, G, BLOCK_D,
                           PIECES)  # fmt: skip
        position = stop
        first = after
        row += 1


@triton.jit(do_not_specialize=["batch", "keys", "programs"])
def merge_spans(
    out, lengths, sums, weighted, batch, keys, programs,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_B: tl.constexpr,
    TILE: tl.constexpr, SETUP: tl.constexpr, LEAST: tl.constexpr, PIECES: tl.constexpr, RAGGED: tl.constexpr,
):  # fmt: skip
    """Second launch of the two-launch form: one program a query head."""
    row, member = tl.program_id(0) // GROUP, tl.program_id(0) % GROUP
    total = _total(lengths, batch, keys, HEADS, TILE, SETUP, RAGGED, BLOCK_B)
    programs = tl.minimum(programs, tl.cdiv(total, LEAST))
    most = tl.cdiv(total, programs)
    high = total - (most - 1) * programs
    length, valid = _length_of(row, lengths, keys, HEADS, RAGGED)
    each = _tiles(length, TILE) + SETUP
    if RAGGED:
        requests = tl.arange(0, BLOCK_B)
        here = _steps(lengths, requests, batch, keys, HEADS, TILE, SETUP)
        first = tl.sum(tl.where(requests < row // HEADS, here, 0)) + (row % HEADS) * each
    else:
        first = row * each
    host = _owner(first, most, high)
    pieces = _owner(first + each - 1, most, high) - host + 1
    if pieces > 1:
        _merge(sums, weighted, out, row, member, 2 * host, pieces, 2 * host + 1, 2, valid, GROUP, D, 1, BLOCK_D, PIECES)


@triton.jit(do_not_specialize=["keys", "splits"])
def fixed_splits(
    q, k, v, lengths, out, sums, weighted,
    stride_qb, stride_qh, stride_qd, stride_kb, stride_kh, stride_ks, stride_kd,
    stride_vb, stride_vh, stride_vs, stride_vd, keys, splits, scale,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, M: tl.constexpr, BLOCK_D: tl.constexpr,
    TILE: tl.constexpr, RAGGED: tl.constexpr, PRECISION: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """One of `splits` equal parts of one row, to slot row * splits + part, or to `out` where there is one part."""
    row, part = tl.program_id(0) // splits, tl.program_id(0) % splits
    request, head = (row // HEADS).to(tl.int64), (row % HEADS).to(tl.int64)
    length, valid = _length_of(row, lengths, keys, HEADS, RAGGED)
    each = tl.cdiv(_tiles(length, TILE), splits)
    first = each * part
    count = tl.maximum(tl.minimum(_tiles(length, TILE) - first, each), 0)
    queries = _queries(q, row, stride_qb, stride_qh, stride_qd, HEADS, GROUP, D, M, BLOCK_D)
    m, z, o = _attend(
        queries, k + request * stride_kb + head * stride_kh, v + request * stride_vb + head * stride_vh,
        stride_ks, stride_kd, stride_vs, stride_vd, first, count, length, scale,
        D, M, BLOCK_D, TILE, PRECISION, STAGES,
    )  # fmt: skip
    if splits == 1:
        _finish(out, row, 0, z, o, valid, GROUP, D, M, BLOCK_D)
    else:
        _keep(sums, weighted, row * splits + part, m, z, o, GROUP, D, M, BLOCK_D)


@triton.jit(do_not_specialize=["keys", "splits"])
def merge_splits(
    out, lengths, sums, weighted, keys, splits,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, BLOCK_D: tl.constexpr, PIECES: tl.constexpr,
    RAGGED: tl.constexpr,
):  # fmt: skip
    """Add up the parts of one query head."""
    row, member = tl.program_id(0) // GROUP, tl.program_id(0) % GROUP
    _, valid = _length_of(row, lengths, keys, HEADS, RAGGED)
    _merge(sums, weighted, out, row, member, row * splits, splits, row * splits, 1, valid, GROUP, D, 1, BLOCK_D, PIECES)

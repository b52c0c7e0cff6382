"""Every kernel path against its definition in higher precision, on the device at hand; run first by kernels.py."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from paretoformer.kernels.decode_attention import decode_attention_reference
from paretoformer.kernels.decode_attention.lean import PROGRAMS_PER_PROCESSOR, lean_decode, lean_decode_spans
from paretoformer.kernels.decode_attention.split import split_decode
from paretoformer.kernels.launch import processors
from paretoformer.kernels.linear_attention import linear_attention_reference
from paretoformer.kernels.linear_attention.scan import causal_linear_attention, scan
from paretoformer.kernels.norms import crms_norm_reference, layer_norm_reference, rms_norm_reference
from paretoformer.kernels.norms.fused import fused_norm
from paretoformer.kernels.packed_attention import Packing, packed_attention_reference
from paretoformer.kernels.packed_attention.varlen import attend_by_tiles

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5, torch.float16: 3e-3, torch.bfloat16: 1.5e-2}
"""Of ||y - definition|| / ||definition||."""
DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def normal(*shape: int, seed: int, dtype: torch.dtype, device: torch.device | str) -> Tensor:
    """Standard normal numbers."""
    generator = torch.Generator(device).manual_seed(seed)
    return torch.randn(*shape, generator=generator, device=device).to(dtype)


def error(found: Tensor, exact: Tensor) -> float:
    """Relative error by norms; infinite where anything is not a number."""
    distance = (found.double() - exact.double()).norm() / exact.double().norm().clamp_min(1e-30)
    return float(distance) if found.isfinite().all() else float("inf")


def poison(like: Tensor) -> None:
    """Leave NaN in the memory that the allocator hands out next."""
    junk = [torch.full((size,), float("nan"), device=like.device) for size in (1 << 8, 1 << 14, 1 << 18, 1 << 22) * 4]
    same = [torch.full_like(like, float("nan")) for _ in range(4)]
    del junk, same


def checks(device: torch.device | str) -> Iterator[tuple[str, torch.dtype, float]]:
    """(what, dtype, relative error) of every path that the device can run."""
    for dtype in DTYPES:
        yield from _decode(dtype, device)
        yield from _linear(dtype, device)
        yield from _norms(dtype, device)
        yield from _packed(dtype, device)
    yield from _same_bits(device)


def _decode(dtype: torch.dtype, device: torch.device | str) -> Iterator[tuple[str, torch.dtype, float]]:
    cases = [  # heads, key heads, width, keys, lengths
        (8, 2, 128, 3_000, (3_000, 1, 0, 777, 64, 65, 2_999, 128)), (4, 4, 64, 513, None), (6, 2, 80, 300, (300, 7, 0)),
        (16, 1, 256, 700, (700, 33)), (2, 2, 16, 40, None), (24, 1, 128, 20_000, (20_000, 5)),
    ]  # fmt: skip
    for heads, kv, width, keys, given in cases if dtype == torch.bfloat16 else cases[:2]:
        batch = len(given) if given else 3
        lengths = torch.tensor(given, device=device) if given else None
        q = 3 * normal(batch, heads, width, seed=1, dtype=dtype, device=device)
        k, v = (
            normal(batch, keys + 5, kv, width, seed=s, dtype=dtype, device=device)[:, 5:].transpose(1, 2)
            for s in (2, 3)
        )
        exact = decode_attention_reference(q.double(), k.double(), v.double(), lengths)
        if lengths is not None:  # padding that is read would show
            padding = (torch.arange(keys, device=device) >= lengths[:, None])[:, None, :, None]
            k, v = k.masked_fill(padding, float("nan")), v.masked_fill(padding, float("nan"))
        few = PROGRAMS_PER_PROCESSOR * processors(q.device)
        ways: dict[str, Callable[..., Tensor]] = {
            "lean": lean_decode, "one launch": lambda *x, p=few: lean_decode_spans(*x, p, True),
            "7 programs": lambda *x: lean_decode_spans(*x, 7, True), "fixed split": split_decode,
        }  # fmt: skip
        for name, way in ways.items():
            poison(q)
            yield f"decode {name} H{heads}/{kv} d{width} S{keys}", dtype, error(way(q, k, v, lengths), exact)


def _linear(dtype: torch.dtype, device: torch.device | str) -> Iterator[tuple[str, torch.dtype, float]]:
    cases = ((2, 300, 64, 64, True), (1, 70, 128, 128, True), (3, 129, 32, 33, False), (2, 65, 72, 16, True),
             (70, 200, 16, 16, True))  # fmt: skip
    for heads, length, width, columns, stateful in cases if dtype == torch.bfloat16 else cases[:2]:
        q, k = (normal(2, heads, length, width, seed=s, dtype=dtype, device=device).abs() for s in (1, 2))
        v, given = (normal(2, heads, length, columns, seed=s, dtype=dtype, device=device) for s in (3, 4))
        state = normal(2, heads, width, columns, seed=5, dtype=torch.float32, device=device) if stateful else None
        wide = [None if x is None else x.double().requires_grad_() for x in (q, k, v, state)]
        exact = linear_attention_reference(*wide[:3], causal=True, state=wide[3])
        taken = [None if x is None else x.clone().requires_grad_() for x in (q, k, v, state)]
        poison(v)
        found = scan(*taken)
        name = f"linear N{length} d{width} e{columns}{' state' if stateful else ''}"
        yield name, dtype, error(found[0], exact[0])
        turned = [x.flip(2) for x in (q, k, v)]
        reverse, _ = causal_linear_attention(*turned, state, True)
        yield f"{name} reversed", dtype, error(reverse.flip(2), exact[0])
        loss, wide_loss = (found[0] * given).sum(), (exact[0] * given).sum()
        if stateful:
            yield f"{name} new state", dtype, error(found[1], exact[1])
            loss, wide_loss = loss + found[1].sum(), wide_loss + exact[1].sum()
        wanted = [x for x in taken if x is not None]
        gradients = torch.autograd.grad(loss, wanted)
        wide_gradients = torch.autograd.grad(wide_loss, [x for x in wide if x is not None])
        for label, one, other in zip(("dq", "dk", "dv", "dstate"), gradients, wide_gradients, strict=False):
            yield f"{name} {label}", dtype, error(one, other)


def _norms(dtype: torch.dtype, device: torch.device | str) -> Iterator[tuple[str, torch.dtype, float]]:
    cases = ((333, 768), (70, 100), (5, 4_100))
    for rows, width in cases if dtype == torch.bfloat16 else cases[:1]:
        for kind in ("layer", "rms", "crms"):
            for adds in (True, False):
                tensors = _norm_operands(rows, width, kind, adds, dtype, device)
                taken = {name: x.clone().requires_grad_() for name, x in tensors.items()}
                wide = {name: x.double().requires_grad_() for name, x in tensors.items()}
                given = normal(rows, width, seed=9, dtype=dtype, device=device)
                poison(given)
                weight, bias = taken.get("weight"), taken.get("bias")
                y, total = fused_norm(taken["x"], taken.get("residual"), weight, bias, 1e-5, kind)
                wide_total = wide["x"] + wide["residual"] if adds else wide["x"]
                exact = _norm_exact(kind, wide_total, wide.get("weight"), wide.get("bias"))
                name = f"{kind}{' + residual' if adds else ''} {rows}x{width}"
                yield name, dtype, error(y, exact)
                loss, wide_loss = (y * given).sum(), (exact * given).sum()
                if adds:
                    yield f"{name} total", dtype, error(total, wide_total)
                    loss, wide_loss = loss + (total * given).sum(), wide_loss + (wide_total * given).sum()
                gradients = torch.autograd.grad(loss, list(taken.values()))
                wide_gradients = torch.autograd.grad(wide_loss, list(wide.values()))
                for label, one, other in zip(taken, gradients, wide_gradients, strict=True):
                    yield f"{name} d{label}", dtype, error(one, other)


def _norm_exact(kind: str, x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if kind == "crms":
        return crms_norm_reference(x, 1e-5)
    return layer_norm_reference(x, weight, bias, 1e-5) if kind == "layer" else rms_norm_reference(x, weight, 1e-5)


def _norm_operands(
    rows: int, width: int, kind: str, adds: bool, dtype: torch.dtype, device: torch.device | str
) -> dict[str, Tensor]:
    named: dict[str, Any] = {"x": (rows, width)}
    named |= {"weight": (width,)} if kind != "crms" else {}
    named |= {"bias": (width,)} if kind == "layer" else {}
    named |= {"residual": (rows, width)} if adds else {}
    return {
        name: normal(*shape, seed=i, dtype=dtype, device=device) + (name == "weight")
        for i, (name, shape) in enumerate(named.items())
    }


def _packed(dtype: torch.dtype, device: torch.device | str) -> Iterator[tuple[str, torch.dtype, float]]:
    cases = ((4, 2, 64, (200, 1, 0, 64, 65, 33)), (4, 4, 128, (130, 300)), (2, 1, 20, (7, 90, 0)), (2, 2, 256, (70, 5)))
    for heads, kv, width, lengths in cases if dtype == torch.bfloat16 else cases[:2]:
        packing = Packing.of(torch.tensor(lengths, device=device), max(lengths))
        q, k, v, given = (
            normal(packing.tokens, h, width, seed=s, dtype=dtype, device=device)
            for s, h in enumerate((heads, kv, kv, heads))
        )
        taken = [x.clone().requires_grad_() for x in (q, k, v)]
        wide = [x.double().requires_grad_() for x in (q, k, v)]
        for causal in (False, True):
            exact = packed_attention_reference(*wide, packing, causal)
            poison(q)
            y = attend_by_tiles(*taken, packing, causal)
            name = f"packed{' causal' if causal else ''} H{heads}/{kv} d{width} lengths {lengths}"
            yield name, dtype, error(y.detach(), exact.detach())
            gradients = torch.autograd.grad(y, taken, given)
            wide_gradients = torch.autograd.grad(exact, wide, given.double())
            for label, one, other in zip(("dq", "dk", "dv"), gradients, wide_gradients, strict=True):
                yield f"{name} {label}", dtype, error(one, other)


def _same_bits(device: torch.device | str) -> Iterator[tuple[str, torch.dtype, float]]:
    """The last to arrive merges in index order, so that repeats agree in every bit."""
    dtype = torch.float16
    q = normal(4, 8, 64, seed=1, dtype=dtype, device=device)
    k, v = (normal(4, 2, 1_500, 64, seed=s, dtype=dtype, device=device) for s in (2, 3))
    lengths = torch.tensor([1_500, 3, 900, 1_499], device=device)
    for one_launch in (False, True):
        once = lean_decode_spans(q, k, v, lengths, 40, one_launch)
        differ = sum(not torch.equal(lean_decode_spans(q, k, v, lengths, 40, one_launch), once) for _ in range(50))
        yield f"decode repeats of 50 that differ, one launch {one_launch}", dtype, float(differ)

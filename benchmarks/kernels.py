"""Kernels beside torch's own operators, FlexAttention and fixed splits: one table, ratios, share of the bandwidth.

    python benchmarks/kernels.py --json benchmarks/results/kernels-h100.json   # at most 8 minutes; 4 on a CPU
    python benchmarks/kernels.py --only decode norms                           # a file keeps its rows of other groups

Needs torch, and triton on a GPU; `PYTHONPATH=.` where the package is not installed. Every path is checked against its
definition in higher precision first, with outputs poisoned. On a GPU a time is that of a CUDA graph's replays over
buffers that rotate through more than its L2 cache; `eager` is the time of plain calls, launches included.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from kernels_checks import TOLERANCE, checks, normal
from kernels_contest import ONE_LAUNCH, SOFTMAX, Contest, run
from kernels_distributed import distributed_contests
from kernels_memories import hash_contests, omega_contests
from kernels_norms import norm_contests
from kernels_packed import packed_contests
from kernels_timing import DEVICE, GPU, bandwidths
from torch import Tensor
from torch.nn import functional
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels import decode_attention, linear_attention
from paretoformer.kernels.dispatch import paths_taken
from paretoformer.kernels.launch import processors
from paretoformer.kernels.linear_attention import _by_torch as linear_by_torch
from paretoformer.kernels.linear_attention import linear_attention_reference

if GPU:  # the kernels themselves, where the dispatcher would leave small operands to torch too
    from paretoformer.kernels.decode_attention.lean import PROGRAMS_PER_PROCESSOR, lean_decode, lean_decode_spans
    from paretoformer.kernels.decode_attention.split import split_decode
    from paretoformer.kernels.linear_attention.scan import scan, scan_with_divisor


def our_decode(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
    """The lean kernel on a GPU, what the dispatcher takes elsewhere."""
    return lean_decode(q, k, v, lengths) if GPU else decode_attention(q, k, v, lengths)


def our_linear(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The chunked kernels on a GPU, what the dispatcher takes elsewhere."""
    return scan(q, k, v, None)[0] if GPU else linear_attention(q, k, v, causal=True)[0]


def decode_contests() -> Iterator[tuple[Contest, Callable[..., Tensor]]]:
    """Lean attention at decode: grouped, multi-head, uniform and ragged."""
    spread = [1_024 * 2**i for i in range(8)]
    mixed = [128 + 251 * i for i in range(64)]
    cases = [
        ("B1 1k", 32, 8, 128, [1_024], True), ("B1 8k", 32, 8, 128, [8_192], False),
        ("B1 64k", 32, 8, 128, [65_536], True), ("B1 512k", 32, 8, 128, [524_288], True),
        ("B1 64k MHA", 32, 32, 128, [65_536], False), ("B4 16k MHA", 32, 32, 128, [16_384] * 4, True),
        ("B16 2k d64 MHA", 12, 12, 64, [2_048] * 16, False), ("B1 64k MQA", 32, 1, 128, [65_536], False),
        ("B8 256-2k ragged", 32, 8, 128, [256 * (i + 1) for i in range(8)], False),
        ("B64 1k", 32, 8, 128, [1_024] * 64, False), ("B64 8k", 32, 8, 128, [8_192] * 64, True),
        ("B8 1k-128k ragged", 32, 8, 128, spread, True), ("B64 128-16k ragged", 32, 8, 128, mixed, True),
        ("B4 one long of four ragged", 32, 8, 128, [131_072, 2_048, 2_048, 2_048], False),
    ] if GPU else [
        ("B1 128", 8, 8, 64, [128], False), ("B1 4k", 8, 8, 64, [4_096], False),
        ("B1 32k grouped", 8, 2, 64, [32_768], False), ("B8 1k", 8, 2, 64, [1_024] * 8, False),
        ("B8 128-16k ragged", 8, 2, 64, [128 * 2**i for i in range(8)], False),
        ("B16 128-4k ragged MHA", 8, 8, 64, [128 + 256 * i for i in range(16)], False),
    ]  # fmt: skip
    dtype = torch.bfloat16 if GPU else torch.float32
    for name, heads, kv, width, lengths, flex in cases:
        yield _decode_contest(name, heads, kv, width, lengths, flex, dtype), _decode_exact


def _decode_contest(
    name: str, heads: int, kv: int, width: int, lengths: list[int], flex: bool, dtype: torch.dtype
) -> Contest:
    batch, keys, ragged = len(lengths), max(lengths), len(set(lengths)) > 1

    def operands(seed: int) -> tuple[Any, ...]:
        q, k, v = (
            normal(batch, h, n, width, seed=3 * seed + i, dtype=dtype, device=DEVICE)
            for i, (h, n) in enumerate(((heads, 1), (kv, keys), (kv, keys)))
        )
        return q, k, v, torch.tensor(lengths, device=DEVICE) if ragged else None

    def masked(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
        mask = None if lengths is None else (torch.arange(keys, device=DEVICE) < lengths[:, None])[:, None, None]
        return scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=heads != kv)

    ways: dict[str, Callable[..., Any]] = {
        "lean": lambda q, k, v, lengths: our_decode(q[:, :, 0], k, v, lengths)[:, :, None],
        "sdpa": masked,
    }
    if GPU:
        few = PROGRAMS_PER_PROCESSOR * processors(DEVICE)
        ways[ONE_LAUNCH] = lambda q, k, v, lengths: lean_decode_spans(q[:, :, 0], k, v, lengths, few, True)[:, :, None]
        ways["fixed split"] = lambda q, k, v, lengths: split_decode(q[:, :, 0], k, v, lengths)[:, :, None]
        if flex:
            ways["flex"] = _flex(batch, keys, lengths if ragged else None, heads != kv)
    elif not ragged:
        ways["definition"] = lambda q, k, v, lengths: _decode_exact(q, k, v, lengths)
    size = torch.empty(0, dtype=dtype).element_size()
    read = sum(lengths) * 2 * kv * width * size + 2 * batch * heads * width * size
    return Contest(group="decode", name=name, bytes=read, operands=operands, ways=ways, peaks=True)


def _flex(batch: int, keys: int, lengths: list[int] | None, grouped: bool) -> Callable[..., Tensor]:
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    torch._dynamo.reset()
    compiled = torch.compile(flex_attention, dynamic=False)
    mask = None
    if lengths is not None:
        bounds = torch.tensor(lengths, device=DEVICE)
        mask = create_block_mask(lambda b, h, q, kv: kv < bounds[b], batch, None, 1, keys, device=str(DEVICE))
    return lambda q, k, v, lengths: compiled(q, k, v, block_mask=mask, enable_gqa=grouped)


def _decode_exact(q: Tensor, k: Tensor, v: Tensor, lengths: Tensor | None) -> Tensor:
    """fp32, request by request, so that the longest fit."""
    batch, kv, keys, width = k.shape
    out = []
    for i, length in enumerate([keys] * batch if lengths is None else lengths.tolist()):
        rows = q[i].reshape(kv, -1, width).float()
        weights = (rows @ k[i, :, :length].float().mT / width**0.5).softmax(-1)
        out.append((weights @ v[i, :, :length].float()).reshape(q[i].shape))
    return torch.stack(out)


def linear_contests() -> Iterator[tuple[Contest, Callable[..., Tensor] | None]]:
    """Causal linear attention, forward and with its gradients; as a mean where its weights' sum divides it."""
    shapes = [
        (64, 16, 512, 64), (16, 16, 2_048, 64), (1, 16, 2_048, 64), (4, 16, 8_192, 64), (1, 16, 65_536, 64),
        (8, 16, 4_096, 128),
    ] if GPU else [(1, 4, length, 32) for length in (64, 128, 256, 512, 1_024, 4_096)]  # fmt: skip
    for shape, mean in [(shape, False) for shape in shapes] + [((8, 12, 2_048, 64), True)] * GPU:
        for backward in (False, True):
            contest = _linear_contest(shape, mean, backward)
            exact = _mean_exact if mean else _linear_exact
            yield contest, None if backward or shape[0] * shape[1] * shape[2] ** 2 * 4 > 16e9 else exact


def _linear_contest(shape: tuple[int, int, int, int], mean: bool, backward: bool) -> Contest:
    batch, heads, length, width = shape
    dtype = torch.bfloat16 if GPU else torch.float32

    def operands(seed: int) -> tuple[Any, ...]:
        q, k, v, given = (normal(*shape, seed=4 * seed + i, dtype=dtype, device=DEVICE) for i in range(4))
        return tuple(x.requires_grad_(backward) for x in (q.abs(), k.abs(), v)) + (given / length,)

    def way(attend: Callable[..., Any], divided: bool = mean) -> Callable[..., Any]:
        def forward(q: Tensor, k: Tensor, v: Tensor, given: Tensor) -> Any:
            if not divided:
                return attend(q, k, v)
            both = attend(q, k, functional.pad(v, (0, 1), value=1.0))
            return both[..., :-1] / both[..., -1:]

        def backward_too(q: Tensor, k: Tensor, v: Tensor, given: Tensor) -> Any:
            return torch.autograd.grad(forward(q, k, v, given), (q, k, v), given)

        return backward_too if backward else forward

    def chunked(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return linear_by_torch(q, k, v, True, None)[0]

    def divided(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        total, divisor, _ = scan_with_divisor(q, k, v, None)
        return total / divisor

    ours = way(divided, False) if mean else way(our_linear)
    ways = {"ours" if GPU else "chunked": ours}
    if GPU:
        ways["chunked by torch"] = way(chunked)
    if GPU and length == 2_048 and batch > 1:
        torch._dynamo.reset()
        ways["chunked compiled"] = way(torch.compile(chunked))
    if length <= 8_192:
        ways[SOFTMAX] = way(lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=True), False)
    if batch * heads * length**2 <= 2**31:
        ways["quadratic"] = way(lambda q, k, v: linear_attention_reference(q, k, v, causal=True)[0])
    moved = torch.empty(0, dtype=dtype).element_size() * batch * heads * length * 4 * width * (3 if backward else 1)
    kind = f"{'mean ' if mean else ''}{'forward + backward' if backward else 'forward'}"
    name = f"{batch}x{heads}x{length}x{width} {kind}"
    return Contest(group="linear", name=name, bytes=moved, operands=operands, ways=ways, peaks=True)


def _linear_exact(q: Tensor, k: Tensor, v: Tensor, given: Tensor) -> Tensor:
    q, k, v = (x.detach().float() for x in (q, k, v))
    parts = zip(q.split(1), k.split(1), v.split(1), strict=True)
    return torch.cat([linear_attention_reference(*part, causal=True)[0] for part in parts])


def _mean_exact(q: Tensor, k: Tensor, v: Tensor, given: Tensor) -> Tensor:
    both = _linear_exact(q, k, functional.pad(v, (0, 1), value=1.0), given)
    return both[..., :-1] / both[..., -1:]


GROUPS = {
    "decode": decode_contests,
    "linear": linear_contests,
    "norms": norm_contests,
    "hash": hash_contests,
    "omega": omega_contests,
    "distributed": distributed_contests,
    "packed": packed_contests,
}


def main() -> None:
    """Check, time, print and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", nargs="+", choices=["checks", *GROUPS], default=["checks", *GROUPS])
    parser.add_argument("--minutes", type=float, default=7.5, help="cases that would begin later are left out")
    options = parser.parse_args()
    torch.set_num_threads(1)
    began = time.monotonic()
    measured = bandwidths()
    bandwidth = max(measured.values())
    report: dict[str, Any] = _conditions() | {"bytes_per_s": measured, "checks": [], "rows": [], "left_out": []}
    speeds = ", ".join(f"{name} {value / 1e9:.0f}" for name, value in measured.items())
    print(f"{report['device']}, torch {torch.__version__}, GB/s: {speeds}", flush=True)
    if "checks" in options.only and GPU:
        report["checks"] = [
            {"what": what, "dtype": str(dtype).removeprefix("torch."), "error": value, "ok": value <= TOLERANCE[dtype]}
            for what, dtype, value in checks(DEVICE)
        ]
        wrong = [check for check in report["checks"] if not check["ok"]]
        print(f"checks: {len(report['checks']) - len(wrong)} right, {len(wrong)} wrong, {_spent(began)}", flush=True)
        for check in wrong:
            print("  WRONG", check)
    for group in GROUPS:
        if group not in options.only:
            continue
        for contest, exact in _in_time(GROUPS[group](), group, began + 60 * options.minutes, report["left_out"]):
            report["rows"].append(contest if isinstance(contest, dict) else run(contest, bandwidth, exact))
            print(_line(report["rows"][-1]), flush=True)
        _store(report, began, options.json)
    print(f"paths {paths_taken()}, left out {report['left_out']}, {_spent(began)}")


def _in_time(contests: Iterator[Any], group: str, end: float, left_out: list[str]) -> Iterator[Any]:
    """Those that begin before the end; what was not begun is noted."""
    done = 0
    while time.monotonic() < end:
        contest = next(contests, None)
        if contest is None:
            return
        yield contest
        done += 1
    left_out.append(f"{group} after {done}")


def _store(report: dict[str, Any], began: float, path: Path | None) -> None:
    report |= {"paths": paths_taken(), "seconds": time.monotonic() - began}
    if path:
        before = json.loads(path.read_text()) if path.exists() else {"rows": [], "checks": [], "paths": {}}
        done = {row["group"] for row in report["rows"]}
        joined = report | {"checks": report["checks"] or before["checks"], "paths": before["paths"] | report["paths"]}
        joined["rows"] = [row for row in before["rows"] if row["group"] not in done] + report["rows"]
        path.write_text(json.dumps(joined, indent=1) + "\n")


def _conditions() -> dict[str, Any]:
    name = torch.cuda.get_device_name() if GPU else platform.processor() or platform.machine()
    return {"device": name, "torch": torch.__version__, "threads": 1, "dtype": "bfloat16" if GPU else "float32"}


def _spent(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


def _line(row: dict[str, Any]) -> str:
    times = ", ".join(f"{key[2:]} {1e6 * value:.1f}" for key, value in row.items() if key.startswith("s "))
    eager = next((f"{1e6 * value:.1f}" for key, value in row.items() if key.startswith("eager s ")), "-")
    errors = [value for key, value in row.items() if key.startswith("error ")]
    worst = f"{max(errors):.1e}" if errors else "-"
    failed = ", ".join(f"{key}: {value}" for key, value in row.items() if key.startswith("failed "))
    return (
        f"{row['group']:6} {row['case']:34} us: {times} | eager {eager} | ratio {row.get('ratio', float('nan')):.2f} "
        f"share {row.get('share', float('nan')):.2f} | error {worst} {failed}"
    )


if __name__ == "__main__":
    main()

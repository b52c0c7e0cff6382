"""Times every choice that computes something beside a reference in the same run: mixers, norms, feed-forwards, positions; and as
whole small models topologies, stems and the exit.

    python benchmarks/choices_speed.py               # about 6 minutes of a core
    python benchmarks/choices_speed.py --short       # the small size alone, and no growth: 80 s of a core, no JSON
    python benchmarks/choices_speed.py --only lsh    # rows with this word in their name; --keep puts them in their place in the JSON

Forward, and forward and backward, in fp32 with one thread at three sizes. Times are the process's own processor time; ours and the
reference take turns in short warmed blocks, and a ratio is the median of those of the turns. References are modules of transformers,
the plain formula or bare loop on the choice's own weights, which must give the same numbers first. Mixers run at their defaults
wherever the sequence is long enough (choices_cases.py). Mixers whose MACs grow more slowly than
N^2 are also run at growing lengths: the exponent of their time is fitted, and the largest tensor that any operation of
forward or backward makes is set against N^2 for each head.
"""

import argparse
import json
import math
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from choices_cases import NOTHING, SIZES, Case, built, cases, growing, mixer_case
from choices_models import Whole, whole_models
from choices_references import Reference, reference
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from paretoformer.search_spaces.contract import Site
from paretoformer.search_spaces.registry import choices

RESULTS = Path(__file__).parent / "results" / "choices_speed.json"
LENGTHS = (512, 1024, 2048, 4096)
BLOCK_S, CASE_S, TURNS = 0.008, 0.45, 5
"""Least processor seconds of a block of calls, seconds after which no turn begins, and turns that there are in any case."""
AIM = 1.1


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Milliseconds of a call, ours and the reference's, and their ratio."""

    choice: str
    source: str
    size: str
    backward: bool
    own_ms: float
    reference_ms: float
    ratio: float


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How a mixer grows with its sequence: exponents of MACs and time, numbers in the largest tensor over N^2."""

    choice: str
    macs_exponent: float
    time_exponent: float
    ms: dict[int, float]
    largest: int
    squared: int


def laid_out(x: Tensor, layout: str, site: Site) -> Tensor:
    """Tokens (B, N, D) as the reference takes them, contiguous in memory."""
    if layout == "tokens":
        return x
    rows = x.mT if site.grid is None or layout == "channels" else x.mT.unflatten(2, site.grid)
    return rows.contiguous()


def runs(call: Callable[[Tensor], Tensor], x: Tensor, trained: list[nn.Parameter], backward: bool) -> Callable[[], Any]:
    """What is timed."""
    if not backward:

        def forward() -> Any:
            with torch.no_grad():
                return call(x)

        return forward
    x = x.clone().requires_grad_()

    def both() -> Any:
        y = call(x)
        return torch.autograd.grad(y, [x, *trained], torch.ones_like(y), allow_unused=True)

    return both


def seconds_of(run: Callable[[], Any], calls: int) -> float:
    """Processor seconds of one of so many calls."""
    began = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - began) / calls


def paired(own: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float, float]:
    """Median seconds of both, and the median ratio of turns."""
    counts = []
    for run in (own, other):
        run()
        counts.append(max(1, math.ceil(BLOCK_S / max(seconds_of(run, 2), 1e-7))))
    stop = time.process_time() + CASE_S
    turns: list[tuple[float, float]] = []
    while len(turns) < TURNS or time.process_time() < stop:
        turns.append((seconds_of(own, counts[0]), seconds_of(other, counts[1])))
        if time.process_time() > stop + 2 * CASE_S and len(turns) > 1:
            break
    return median(a for a, _ in turns), median(b for _, b in turns), median(a / b for a, b in turns)


def timed(case: Case, size: str, batch: int) -> Iterator[Timing]:
    """Forward, and forward and backward."""
    module = built(case)
    x = torch.randn(batch, case.site.length, case.site.width, generator=torch.Generator().manual_seed(1))
    beside = reference(case.name, case.config, case.site, module)
    if beside is None:
        print(f"{case.name} has no reference", flush=True)
        return
    given = laid_out(x, beside.layout, case.site)
    if beside.equal:
        check(case, module, x, beside, given)
    trained = [p for p in module.parameters() if p.requires_grad]
    for backward in (False, True):
        own = runs(lambda each: module(each, case.context), x, trained, backward)
        other = runs(beside.call, given, beside.parameters, backward)
        yield compared(case.name, beside.source, size, backward, (own, other))


def compared(
    name: str, source: str, size: str, backward: bool, pair: tuple[Callable[[], Any], Callable[[], Any]]
) -> Timing:
    """Ours and the reference in turns."""
    own_s, other_s, ratio = paired(*pair)
    return Timing(
        choice=name,
        source=source,
        size=size,
        backward=backward,
        own_ms=1e3 * own_s,
        reference_ms=1e3 * other_s,
        ratio=ratio,
    )


def timed_whole(whole: Whole, size: str) -> Iterator[Timing]:
    """Forward in evaluation, and forward and backward in training."""
    trained = list(whole.model.parameters())
    for backward in (False, True):
        whole.model.train(backward)
        with torch.no_grad():
            expected = whole.loop(*whole.inputs)
            torch.testing.assert_close(
                whole.call(*whole.inputs), expected, rtol=1e-3, atol=1e-4, msg=lambda m: f"{whole.name}: {m}"
            )
        own, other = (whole_run(call, whole.inputs, trained, backward) for call in (whole.call, whole.loop))
        yield compared(whole.name, "bare loop over the same weights", size, backward, (own, other))


def whole_run(
    call: Callable[..., Tensor | tuple[Tensor, ...]],
    inputs: tuple[Tensor, ...],
    trained: list[nn.Parameter],
    backward: bool,
) -> Callable[[], Any]:
    """What is timed of a model, whose inputs have no gradient."""

    def run() -> Any:
        with torch.set_grad_enabled(backward):
            y = call(*inputs)
        if not backward:
            return y
        outputs = y if isinstance(y, tuple) else (y,)
        return torch.autograd.grad(outputs, trained, [torch.ones_like(each) for each in outputs])

    return run


def check(case: Case, module: nn.Module, x: Tensor, beside: Reference, given: Tensor) -> None:
    """The formula gives what the module gives."""
    with torch.no_grad():
        expected = beside.call(given)
        if beside.layout != "tokens":
            expected = expected.flatten(2).mT
        torch.testing.assert_close(
            module(x, case.context), expected, rtol=1e-3, atol=1e-4, msg=lambda m: f"{case.name}: {m}"
        )


class Largest(TorchDispatchMode):
    """Keeps the numbers in the largest tensor that any operation gives."""

    numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(given):
            if isinstance(leaf, Tensor):
                self.numbers = max(self.numbers, leaf.untyped_storage().nbytes() // leaf.element_size())
        return given


def exponent(points: dict[int, float]) -> float:
    """Least squares slope of logarithms."""
    x = [math.log(length) for length in points]
    y = [math.log(value) for value in points.values()]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return slope / sum((a - middle_x) ** 2 for a in x)


def growth(name: str, width: int = 64) -> Growth | None:
    """That of mixer `name`, None where its MACs say that it grows as N^2, or where it has none."""
    at = {length: mixer_case(name, length, width, **growing(name, length)) for length in LENGTHS}
    macs = {length: float(case.config.macs(case.site, length)) for length, case in at.items()}
    promised = exponent(macs) if all(macs.values()) else 1.0
    if promised > 1.6 or name in NOTHING:
        return None
    ms = {}
    for length, case in at.items():
        module = built(case)
        x = torch.randn(1, length, width, generator=torch.Generator().manual_seed(1))
        run = runs(lambda each, m=module, c=case.context: m(each, c), x, [], False)
        run()
        calls = max(1, math.ceil(BLOCK_S / max(seconds_of(run, 1), 1e-7)))
        ms[length] = 1e3 * median(seconds_of(run, calls) for _ in range(TURNS))
    with Largest() as largest:
        trained = [p for p in module.parameters() if p.requires_grad]
        runs(lambda each: module(each, at[LENGTHS[-1]].context), x, trained, True)()
    squared = LENGTHS[-1] ** 2
    return Growth(
        choice=name,
        macs_exponent=promised,
        time_exponent=exponent(ms),
        ms=ms,
        largest=largest.numbers,
        squared=squared,
    )


def shown(timings: list[Timing]) -> Iterator[str]:
    """A line for each choice: ratios at the three sizes, forward and then with backward; * where one misses the aim."""
    yield f"{'':32} {'forward':^23} {'forward and backward':^23}"
    yield f"{'':32} " + 2 * " ".join(f"{size:>7}" for size in (*SIZES, "")).rstrip() + "  reference"
    for name in dict.fromkeys(timing.choice for timing in timings):
        own = [timing for timing in timings if timing.choice == name]
        ordered = sorted(own, key=lambda t: (t.backward, list(SIZES).index(t.size)))
        ratios = "".join(f"{t.ratio:7.2f}{'*' if missed(t) else ' '}" for t in ordered)
        yield f"{name:32} {ratios} {own[0].source}"


def missed(timing: Timing) -> bool:
    """Whether it is slower than the aim, where its reference computes the same."""
    return timing.ratio > AIM and "published" not in timing.source


def named(name: str, only: set[str]) -> bool:
    """Whether a row is asked for: all are, or one of its words is."""
    return not only or not only.isdisjoint(name.replace(",", "").split())


def every_timing(sizes: tuple[str, ...], only: set[str]) -> Iterator[Timing]:
    """Choices on their own, then whole models."""
    for size in sizes:
        batch, length, width = SIZES[size]
        for case in cases(length, width):
            if named(case.name, only):
                yield from timed(case, size, batch)
    for size in sizes:
        for whole in whole_models(*SIZES[size]):
            if named(whole.name, only):
                yield from timed_whole(whole, size)


def renewed(kept: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the new ones in place of those of the same choice, size and direction."""

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["choice"], row.get("size"), row.get("backward")

    found = {key(row) for row in new}
    return [row for row in kept if key(row) not in found] + new


def main() -> None:
    """Print both tables and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", help="rows with one of these words in their name: lsh, encoder, learned, frames"
    )
    parser.add_argument("--short", action="store_true", help="the small size alone, and no growth")
    parser.add_argument("--keep", action="store_true", help="put the rows of --only into the JSON")
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    began, only = time.process_time(), set(given.only or ())
    sizes = ("small",) if given.short else tuple(SIZES)
    timings = list(every_timing(sizes, only))
    if not timings:
        parser.error(f"no row has one of these words in its name: {', '.join(sorted(only))}")
    print(*shown(timings), sep="\n")
    mixers = () if given.short else (str(each) for each in choices("mixer"))
    grown = [found for name in mixers if named(f"mixer {name}", only) and (found := growth(name))]
    if grown:
        print(f"\n{'':18}{'MACs':>8}{'time':>8}{'largest tensor / N^2':>23}   at N = {LENGTHS[-1]}")
    for each in grown:
        print(f"{each.choice:18}{each.macs_exponent:8.2f}{each.time_exponent:8.2f}{each.largest / each.squared:23.3f}")
    took = time.process_time() - began
    print(f"\n{took:.0f} s of processor time")
    if given.only and given.keep:
        result = json.loads(given.json.read_text())
        for key, rows in (("timings", timings), ("growth", grown)):
            result[key] = renewed(result[key], [asdict(row) for row in rows])
        given.json.write_text(json.dumps(result, indent=1) + "\n")
    elif not given.only and not given.short:
        result = {
            "machine": platform.machine(),
            "torch": torch.__version__,
            "seconds": took,
            "sizes": SIZES,
            "timings": [asdict(timing) for timing in timings],
            "growth": [asdict(each) for each in grown],
        }
        given.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

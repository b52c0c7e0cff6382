"""Times every mixer, norm, feed-forward and position, inside an attention or on its input, beside a reference in the same run.

    python benchmarks/choices_speed.py               # about 5 minutes
    python benchmarks/choices_speed.py --short       # the small size alone, and no growth: 1 to 2 minutes, no JSON
    python benchmarks/choices_speed.py --only lsh    # one choice; with --keep its rows take their place in the JSON

Forward, and forward and backward, in fp32 with one thread at three sizes. Times are the process's own processor time; ours and the
reference take turns in short warmed blocks, and a ratio is the median of those of the turns. References are modules of transformers,
or the plain formula on the choice's own weights, which must give the same numbers first. Mixers whose MACs grow more slowly than
N^2 are also run at growing lengths: the exponent of their time is fitted, and the largest tensor that any operation of
forward or backward makes is set against N^2 for each head.
"""

import argparse
import json
import math
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from choices_formulas import HEADS, SUMMARY
from choices_models import whole_models
from choices_references import Reference, reference
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from paretoformer.search_spaces.contract import Capability, Context, Mixer, Site
from paretoformer.search_spaces.registry import choice, choices, config_from_json

RESULTS = Path(__file__).parent / "results" / "choices_speed.json"
SIZES = {"small": (8, 64, 64), "middle": (4, 256, 128), "large": (1, 1024, 256)}
"""Batch, tokens, channels."""
LENGTHS = (512, 1024, 2048, 4096)
BLOCK_S, CASE_S, TURNS = 0.008, 0.45, 5
"""Least seconds of a block of calls, seconds after which no turn begins, and turns that there are in any case."""
AIM = 1.1
NOTHING = ("identity", "none")
"""Choices that compute nothing."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A choice as it stands at one size."""

    name: str
    config: Any
    site: Site

    added: bool = False
    """Whether it is a position that is added to a stack's input."""

    @property
    def context(self) -> Context:
        """That of a call."""
        return Context(causal=self.site.causal, grid=self.site.grid)


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


def fields_at(name: str, length: int) -> dict[str, Any]:
    """What a mixer is given so that it stands at any of the lengths, and as its reference is; at its default otherwise."""
    fitted: dict[str, dict[str, Any]] = {
        "window": {"window": min(64, length // 2)},
        "block": {"block": min(64, length // 4)},
        "bigbird": {"block": min(32, length // 16), "random": 2},
        "sparse": {"stride": 1 << (int(math.log2(length)) + 1) // 2, "summary": SUMMARY},
        "linformer": {"rank": min(64, length // 2)},
        "nystrom": {"landmarks": min(64, length // 4)},
        "performer": {"draws": 64},
        "lsh": {"chunk": min(64, length // 4), "across": True, "duplicates": "counted", "scale": "none"},
        "synthesizer": {"rank": min(32, length // 4)},
        "sinkhorn": {"block": min(64, length // 4)},
        "omega": {"window": 4, "features": "identity", "memory": "linear"},
    }
    return fitted.get(name, {})


def site_at(name: str, length: int, width: int) -> Site:
    """A bidirectional sequence, a grid for what works on one, or a causal sequence for what works on that alone."""
    able = choice("mixer", name).capabilities if name in {str(each) for each in choices("mixer")} else frozenset()
    side = 1 << (length.bit_length() - 1) // 2
    if Capability.GRID in able or name in ("pooling", "separable", "depthwise"):
        return Site(width=width, length=length, grid=(side, length // side))
    return Site(width=width, length=length, causal=bool(able) and Capability.BIDIRECTIONAL not in able)


def mixer_case(name: str, length: int, width: int) -> Case:
    """A mixer of four heads, where it has heads."""
    found, site = choice("mixer", name), site_at(name, length, width)
    given = {"heads": HEADS} if "heads" in found.fields else {}
    config = found.config(**given, **fields_at(name, length))
    problems = list(config.problems(site))
    assert not problems, problems
    return Case(name=f"mixer {name}", config=config, site=site)


class Added(nn.Module):
    """A position on a stack's input."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.position = case.config.build(case.site)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        y: Tensor = self.position(x, context.positions(x.shape[1], x.device))
        return y


def defaults(length: int, width: int) -> Iterator[Case]:
    """Mixers that `fields_at` makes simpler, as they are by default."""
    for name in ("lsh", "omega"):
        fields = {"heads": HEADS} | ({"chunk": length // 4} if name == "lsh" else {})
        config = choice("mixer", name).config(**fields)
        site = site_at(name, length, width)
        assert not list(config.problems(site)), list(config.problems(site))
        yield Case(name=f"mixer {name}-default", config=config, site=site)


def cases(length: int, width: int) -> Iterator[Case]:
    """Every choice that computes something, at one size; a position inside softmax attention, or on a stack's input."""
    yield from (mixer_case(str(each), length, width) for each in choices("mixer") if str(each) not in NOTHING)
    plain = Site(width=width, length=length)
    softmax = config_from_json("mixer", {"name": "softmax", "heads": HEADS})
    for each in choices("position"):
        position = each.config()
        if position.build_in_mixer(plain, HEADS, width // HEADS) is not None:
            yield Case(name=f"position {each}", config=softmax, site=replace(plain, position=position))
        elif str(each) not in NOTHING:
            yield Case(name=f"position {each}", config=position, site=plain, added=True)
    if (length, width) == SIZES["small"][1:]:
        yield from defaults(length, width)
    for kind in ("norm", "feedforward"):
        able = [each for each in choices(kind) if str(each) not in NOTHING]
        yield from (Case(name=f"{kind} {each}", config=each.config(), site=plain) for each in able)


def built(case: Case) -> nn.Module:
    """The module; a mixer in evaluation, since what some do in training is done once."""
    torch.manual_seed(0)
    module: nn.Module = Added(case) if case.added else case.config.build(case.site)
    return module.eval() if isinstance(module, Mixer) else module.train()


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
    stop, turns = time.perf_counter() + CASE_S, []
    while len(turns) < TURNS or time.perf_counter() < stop:
        turns.append((seconds_of(own, counts[0]), seconds_of(other, counts[1])))
        if time.perf_counter() > stop + 2 * CASE_S and len(turns) > 1:
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


def timed_whole(size: str) -> Iterator[Timing]:
    """Topologies with their stems as whole models, at a size, forward, and forward and backward."""
    batch, length, width = SIZES[size]
    for whole in whole_models(batch, length, width):
        torch.testing.assert_close(whole.model(whole.inputs), whole.loop(whole.inputs), rtol=1e-3, atol=1e-4)
        trained = list(whole.model.parameters())
        for backward in (False, True):
            own, other = (whole_run(call, whole.inputs, trained, backward) for call in (whole.model, whole.loop))
            yield compared(whole.name, "bare loop over the same weights", size, backward, (own, other))


def whole_run(
    call: Callable[[Tensor], Tensor], inputs: Tensor, trained: list[nn.Parameter], backward: bool
) -> Callable[[], Any]:
    """What is timed of a model, whose inputs have no gradient."""

    def run() -> Any:
        with torch.set_grad_enabled(backward):
            y = call(inputs)
        return torch.autograd.grad(y, trained, torch.ones_like(y)) if backward else y

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
    at = {length: mixer_case(name, length, width) for length in LENGTHS}
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
    yield f"{'':24} {'forward':^23} {'forward and backward':^23}"
    yield f"{'':24} " + 2 * " ".join(f"{size:>7}" for size in (*SIZES, "")).rstrip() + "  reference"
    for name in dict.fromkeys(timing.choice for timing in timings):
        own = [timing for timing in timings if timing.choice == name]
        ordered = sorted(own, key=lambda t: (t.backward, list(SIZES).index(t.size)))
        ratios = "".join(f"{t.ratio:7.2f}{'*' if missed(t) else ' '}" for t in ordered)
        yield f"{name:24} {ratios} {own[0].source}"


def missed(timing: Timing) -> bool:
    """Whether it is slower than the aim, where its reference computes the same."""
    return timing.ratio > AIM and "published" not in timing.source


def main() -> None:
    """Print both tables and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", help="choices by name")
    parser.add_argument("--short", action="store_true", help="the small size alone")
    parser.add_argument("--keep", action="store_true", help="put the rows of --only into the JSON")
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    began = time.perf_counter()
    wanted = (lambda name: name.split(" ")[1] in given.only) if given.only else (lambda name: True)
    timings = [
        timing
        for size, (batch, length, width) in SIZES.items()
        if size == "small" or not given.short
        for case in cases(length, width)
        if wanted(case.name)
        for timing in timed(case, size, batch)
    ]
    timings += [
        timing
        for size in (("small",) if given.short else SIZES)
        for timing in timed_whole(size)
        if wanted(timing.choice)
    ]
    print(*shown(timings), sep="\n")
    kept = () if given.short else choices("mixer")
    grown = [found for each in kept if wanted(f"mixer {each}") and (found := growth(str(each)))]
    print(f"\n{'':18}{'MACs':>8}{'time':>8}{'largest tensor / N^2':>23}   at N = {LENGTHS[-1]}")
    for each in grown:
        print(f"{each.choice:18}{each.macs_exponent:8.2f}{each.time_exponent:8.2f}{each.largest / each.squared:23.3f}")
    took = time.perf_counter() - began
    print(f"\n{took:.0f} s")
    if given.only and given.keep:
        result = json.loads(given.json.read_text())
        for key, rows in (("timings", timings), ("growth", grown)):
            new = [asdict(row) for row in rows]
            renewed = {row["choice"] for row in new}
            result[key] = [row for row in result[key] if row["choice"] not in renewed] + new
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

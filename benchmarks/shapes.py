"""Times two choices of shape that papers make claims of, side by side in blocks that alternate, by CPU time on one thread.

Paper 28: an encoder of 8 layers with a decoder of 4 beside 13 layers of a decoder alone, nearly equal in parameters (width 256, 4 heads,
hidden width 1024), keys and values kept: time to the first token and for each of 8 more, after N tokens that are read. Claim: 47 %
less and 4.7 times as fast on its own devices. Paper 30: encoders with T heads of 64 channels in all in one layer or in several. Claim:
3.1 times as fast in one layer. Figures are medians of pairwise ratios. Takes about 2 minutes on a free core.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from paretoformer.hardware_models.alternation import Pace, alternate, median_ratio, warmed
from paretoformer.hardware_models.devices import probe
from paretoformer.hardware_models.stopwatch import Elapsed, stopwatch_for
from paretoformer.hardware_models.targets import fill
from paretoformer.records.signature import ClassOutput, Signature, TokenInput, TokenOutput
from paretoformer.records.target import parse_target
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.counts import count

RESULTS = Path("benchmarks/results/shapes.json")
VOCABULARY, NEW = 256, 8
READ = (128, 512, 1024)
PACE = Pace(window_s=2.0, least_pairs=7)
Model = tuple[Architecture, Signature, str]
"""What is built, and its workload."""


def branch(role: str, body: Any) -> dict[str, Any]:
    """Pre-norm."""
    return {"role": role, "body": body, "norm": "rms"}


def blocks(depth: int, roles: tuple[str, ...], attention: dict[str, Any]) -> list[Any]:
    """Equal blocks of attention and feed-forwards four times as wide."""
    bodies = {"mixer": attention, "cross": {"name": "softmax", "heads": 4}, "feedforward": {"name": "gelu", "ratio": 4}}
    return [[branch(role, bodies[role]) for role in roles]] * depth


def encoder_decoder(read: int) -> Model:
    """8 layers that read, 4 that write."""
    attention = {"name": "softmax", "heads": 4}
    stacks = [
        {
            "name": "encoder",
            "width": 256,
            "position": "rotary",
            "blocks": blocks(8, ("mixer", "feedforward"), attention),
        },
        {
            "name": "decoder",
            "width": 256,
            "position": "rotary",
            "blocks": blocks(4, ("mixer", "cross", "feedforward"), attention),
        },
    ]
    tokens = {"name": "tokens", "tied": True}
    spec = {"topology": "encoder-decoder", "stem": tokens, "source": "tokens", "stacks": stacks}
    signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=1 + NEW),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=TokenInput(vocabulary=VOCABULARY, length=read),
    )
    return Architecture.from_json(spec), signature, f"decode/1/1/{NEW}"


def decoder_alone(read: int) -> Model:
    """13 layers that do both."""
    attention = {"name": "softmax", "heads": 4}
    stack = {
        "name": "decoder",
        "width": 256,
        "position": "rotary",
        "blocks": blocks(13, ("mixer", "feedforward"), attention),
    }
    spec = {"topology": "decoder", "stem": {"name": "tokens", "tied": True}, "stacks": [stack]}
    signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=read + NEW), output=TokenOutput(vocabulary=VOCABULARY)
    )
    return Architecture.from_json(spec), signature, f"decode/1/{read}/{NEW}"


def heads_in(layers: int, heads: int, width: int, length: int) -> Model:
    """An encoder that has `heads` in all, of 64 channels each, in so many layers."""
    attention = {"name": "softmax", "heads": heads // layers, "head_width": 64}
    stack = {
        "name": "encoder",
        "width": width,
        "position": "sinusoidal",
        "blocks": blocks(layers, ("mixer", "feedforward"), attention),
    }
    signature = Signature(input=TokenInput(vocabulary=VOCABULARY, length=length), output=ClassOutput(classes=2))
    spec = {"topology": "encoder", "stem": "tokens", "stacks": [stack]}
    return Architecture.from_json(spec), signature, f"prefill/1/{length}"


def busy(elapsed: Elapsed) -> float:
    """CPU time."""
    return elapsed.busy


def compared(one: Model, other: Model, quantity: str) -> dict[str, float]:
    """Milliseconds of both for one call or token, and how many times as long the second takes."""
    sides, units = [], []
    for architecture, signature, workload in (one, other):
        target = fill(parse_target(f"cpu::::{workload}"), signature)
        phase = runtime("eager").prepare(architecture, signature, target, seed=0).phases[quantity]
        stopwatch = stopwatch_for(target)
        sides.append((phase, warmed(phase, stopwatch, PACE)))
        units.append(phase.units)
    pairs = alternate(sides[0], sides[1], stopwatch, PACE)
    return {
        "first_ms": round(1000 * median(pair.model.busy for pair in pairs) / units[0], 3),
        "second_ms": round(1000 * median(pair.reference.busy for pair in pairs) / units[1], 3),
        "ratio": round(1 / median_ratio(pairs, busy) * units[0] / units[1], 2),
        "pairs": len(pairs),
    }


def rows_of_decoding() -> Iterator[dict[str, Any]]:
    """Paper 28."""
    for read in READ:
        one, other = encoder_decoder(read), decoder_alone(read)
        for quantity in ("first_token", "latency"):
            yield {
                "claim": "encoder-decoder 8 + 4 beside decoder 13",
                "read": read,
                "quantity": quantity,
                "params_M": [round(count(a, s).non_embedding_params / 1e6, 2) for a, s, _ in (one, other)],
                **compared(one, other, quantity),
            }


def rows_of_width() -> Iterator[dict[str, Any]]:
    """Paper 30."""
    for heads, width, depths in ((16, 256, (2, 4)), (48, 512, (2, 3, 6))):
        for length in (128, 1000):
            wide = heads_in(1, heads, width, length)
            for depth in depths:
                deep = heads_in(depth, heads, width, length)
                yield {
                    "claim": f"1 layer beside {depth}, {heads} heads in all, width {width}",
                    "read": length,
                    "quantity": "latency",
                    "params_M": [round(count(a, s).non_embedding_params / 1e6, 2) for a, s, _ in (wide, deep)],
                    **compared(wide, deep, "latency"),
                }


def main() -> None:
    """Print one row a comparison, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS)
    out = parser.parse_args().out
    rows = []
    for row in (*rows_of_decoding(), *rows_of_width()):
        rows.append(row)
        times = f"{row['first_ms']:9.3f} ms {row['second_ms']:9.3f} ms  x{row['ratio']:.2f}"
        print(f"{row['claim']:48} {row['read']:5} {row['quantity']:12} {times}", flush=True)
    out.write_text(json.dumps({"device": probe("cpu").fingerprint, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

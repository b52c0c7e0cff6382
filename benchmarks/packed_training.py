"""Training on task `sentiment` (ragged texts) with a validation, without padding beside with it: seconds of processor time.

    python benchmarks/packed_training.py --json benchmarks/results/packed-training.json   # a minute of a processor

The same encoders, seeds and batches, in turns; scores of both ways are printed, since they should part by rounding alone.
"""

import argparse
import json
import platform
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.search_spaces import packed_stack
from paretoformer.search_spaces.architecture import Architecture, Branch, Stack
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.registry import config_from_json

SIZES = ((32, 2), (64, 2))
"""Widths and depths."""
TURNS = 2
SHARE = 8
"""Of an epoch, one in so many examples is trained on."""
PADDED, PACKED = 0.0, packed_stack.FULLEST
"""Fill from which a batch stays padded."""


def encoder(width: int, depth: int) -> Architecture:
    """Softmax attention, gelu and layer norms before them, over bytes."""
    bodies = {"mixer": config_from_json("mixer", "softmax"), "feedforward": config_from_json("feedforward", "gelu")}
    norm = config_from_json("norm", "layer")
    block = tuple(Branch(role=role, body=body, norm=norm) for role, body in bodies.items())
    position = config_from_json("position", "learned")
    stack = Stack(name="encoder", width=width, position=position, blocks=(block,) * depth)
    topology, stem = config_from_json("topology", "encoder"), config_from_json("stem", "tokens")
    return Architecture(topology=topology, stem=stem, stacks=(stack,))


def main() -> None:
    """Train in turns, print and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    task = open_task("sentiment")
    examples = task.examples(Split.TRAIN)
    recipe = replace(task.recipe, budget=len(examples.inputs) // SHARE)
    rows = []
    for width, depth in SIZES:
        seconds: dict[float, list[float]] = {PACKED: [], PADDED: []}
        scores = {}
        for _ in range(TURNS):
            for fullest, taken in seconds.items():
                packed_stack.FULLEST = fullest
                model = build(encoder(width, depth), task.signature, seed=0)
                began = time.process_time()
                (rung,) = Trainer(model, task, recipe, seed=0, rungs=1).run()
                taken.append(time.process_time() - began)
                scores[fullest] = rung[0].value
        row: dict[str, Any] = {"width": width, "depth": depth, "examples": recipe.budget}
        row |= {"packed s": statistics.median(seconds[PACKED]), "padded s": statistics.median(seconds[PADDED])}
        row |= {
            "ratio": row["padded s"] / row["packed s"],
            "packed score": scores[PACKED],
            "padded score": scores[PADDED],
        }
        rows.append(row)
        print(row, flush=True)
    device = platform.processor() or platform.machine()
    fill = float(examples.lengths.float().mean()) / task.signature.input.length
    report = {
        "device": device,
        "torch": torch.__version__,
        "threads": 1,
        "mean fill of the longest": fill,
        "rows": rows,
    }
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

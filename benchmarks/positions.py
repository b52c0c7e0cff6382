"""Compares five kinds of position by how far beyond the trained lengths small decoders copy one symbol as often as it stands there.

Two layers of width 64 with 4 heads, trained on 2 to 12 symbols and tested on 2 to 24, exact match of the whole answer; rotary turns
a quarter of a head as paper 06's does. Prints accuracy on some lengths, its mean over 13 to 24, the mean reciprocal rank over seeds
and the minutes taken, about 2 for the default's one seed on a free core. The paper's order on this task is none, t5, alibi, rotary,
sinusoidal; with 3 seeds none came first and sinusoidal last here too, and t5 behind alibi and rotary (benchmarks/results/positions.json).
"""

import argparse
import json
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.length_tasks.ranking import mean_reciprocal_ranks
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.recipe import Recipe
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

SCHEMES: dict[str, Any] = {
    "none": "none",
    "t5": "t5",
    "alibi": "alibi",
    "rotary": {"name": "rotary", "fraction": 0.25},
    "sinusoidal": "sinusoidal",
}
SHOWN = (6, 12, 14, 16, 20, 24)


def architecture(position: Any) -> Architecture:
    """Two pre-norm layers of width 64."""
    block = [
        {"role": "mixer", "body": {"name": "softmax", "heads": 4}, "norm": "rms"},
        {"role": "feedforward", "body": "gelu", "norm": "rms"},
    ]
    stack = {"name": "decoder", "width": 64, "position": position, "blocks": [block] * 2}
    return Architecture.from_json({"topology": "decoder", "stem": "tokens", "stacks": [stack]})


def scores(task: Task, scheme: str, seed: int, steps: int) -> dict[str, float]:
    """Test scores by metric after training."""
    recipe = Recipe(learning_rate=1e-3, batch=64, budget=64 * steps)
    model = build(architecture(SCHEMES[scheme]), task.signature, seed=seed)
    trainer = Trainer(model, task, recipe, seed=seed, rungs=1)
    for _ in trainer.run():
        pass
    return {score.metric: score.value for score in trainer.score(Split.TEST, 0)}


def line(name: str, found: list[dict[str, float]], rank: float | None) -> str:
    """A row of the table, means over seeds."""
    lengths = " ".join(f"{fmean(one[f'exact-match[{size}]'] for one in found):5.2f}" for size in SHOWN)
    beyond = fmean(one["beyond"] for one in found)
    return f"{name:12}{lengths}  {beyond:6.3f}" + (f"  {rank:.2f}" if rank is not None else "")


def main() -> None:
    """Train, print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each kind (1)")
    parser.add_argument("--steps", type=int, default=800, help="optimiser steps of 64 examples (800)")
    parser.add_argument("--variant", default="rsc", help="of task copy (rsc)")
    parser.add_argument("--json", type=Path, help="where the figures are written too (nowhere)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    task = open_task(f"copy:variant={arguments.variant}")
    start = time.perf_counter()
    cases: list[dict[str, dict[str, float]]] = []
    for seed in range(arguments.seeds):
        cases.append({})
        for scheme in SCHEMES:
            cases[-1][scheme] = scores(task, scheme, seed, arguments.steps)
            print(line(f"{scheme} {seed}", [cases[-1][scheme]], None), flush=True)
    ranks = mean_reciprocal_ranks([{name: found["beyond"] for name, found in case.items()} for case in cases])
    minutes = (time.perf_counter() - start) / 60
    print(f"\n{task.name}, {len(cases)} seeds, {arguments.steps} steps, {minutes:.1f} minutes")
    print(f"{'':12}{' '.join(f'{size:5}' for size in SHOWN)}  beyond   MRR")
    for scheme in SCHEMES:
        print(line(scheme, [case[scheme] for case in cases], ranks[scheme]))
    if arguments.json:
        written = {
            "task": task.name,
            "steps": arguments.steps,
            "minutes": round(minutes, 1),
            "torch": torch.__version__,
            "mean_reciprocal_rank": ranks,
            "seeds": cases,
        }
        arguments.json.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()

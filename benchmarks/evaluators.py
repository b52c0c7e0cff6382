"""What evaluating costs beside arithmetic: batches, the trainer's own work, memory, generators, and opening tasks.

    python benchmarks/evaluators.py          # about 3 minutes on one core
    python benchmarks/evaluators.py --short  # under a minute, fewer steps

Batches: their share of a training step of the smallest model (one block, width 16); at most 5 % is aimed at. Trainer: examples and
tokens a second beside a loop written with torch alone on the same model, data and optimiser; the two take turns, medians; a ratio
of at least 0.95 is aimed at. Memory: the most that a training process has held, and what it had before it trained. Generators:
examples a second of a second opening. Opening: CPU seconds of the first in this process, libraries that it imports included.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from plain_model import plain_model
from torch import Tensor, nn
from torch.nn import functional

from paretoformer.evaluators.batches import training_batches
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.optimiser import make_optimiser
from paretoformer.evaluators.phase import Phase
from paretoformer.evaluators.registry import task_names
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.build import build

RESULTS = Path("benchmarks/results/evaluators.json")
SMALLEST = {"width": 16, "depth": 1}
PIPELINES = {
    "tokens, ragged": "sentiment",
    "tokens": "python-docs",
    "images": "digits",
    "series": "function-fit",
    "ragged with source": "bible-translation",
}
TRAINED = ("python-docs", "digits")
MEMORY = ("python-docs", "fashion-mnist", "bible-translation")
TURN = 20
"""Steps that the trainer and the bare loop take in turn."""


def pipeline(name: str, steps: int) -> dict[str, Any]:
    """Milliseconds of a batch and of a whole step, medians, and the one's share of the other."""
    task = open_task(name)
    model = build(plain_model(task, **SMALLEST), task.signature, seed=0).train()
    phase = Phase(task.recipe.criterion, model, task, task.recipe, steps=10 * steps, seed=0)
    batches = training_batches(task.examples(Split.TRAIN), task.recipe.batch, 0)
    device = torch.device("cpu")
    drawn, stepped = [], []
    for _ in range(steps):
        drawn.append(_seconds(lambda: next(batches)))
        stepped.append(_seconds(lambda: phase.take_step(device)))
    batch, step = median(drawn[5:]) * 1e3, median(stepped[5:]) * 1e3
    return {"task": name, "batch": task.recipe.batch, "batch_ms": batch, "step_ms": step, "share": batch / step}


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare_loop(task: Task, model: nn.Module, steps: int) -> Iterator[Tensor]:
    """The recipe's training in plain torch: a loss for each step."""
    recipe, examples = task.recipe, task.examples(Split.TRAIN)
    inputs, targets = examples.inputs, examples.targets
    optimiser, weights = make_optimiser(model, recipe), list(model.parameters())
    order, warm = torch.empty(0, dtype=torch.long), max(1, round(recipe.warmup * steps))
    for step in range(steps):
        rise, fall = (step + 1) / warm, 0.55 + 0.45 * math.cos(math.pi * step / steps)
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * min(rise, fall)
        if len(order) < recipe.batch:
            order = torch.cat((order, torch.randperm(len(inputs))))
        chosen, order = order[: recipe.batch], order[recipe.batch :]
        loss = functional.cross_entropy(model(inputs[chosen]).flatten(0, -2), targets[chosen].flatten())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, recipe.clip)
        optimiser.step()
        yield loss


def beside_bare_loop(name: str, width: int, depth: int, turns: int) -> dict[str, Any]:
    """Examples a second of the trainer and of the bare loop, in turns of some steps."""
    task = open_task(name)
    steps = TURN * (turns + 1)
    recipe = replace(task.recipe, budget=task.recipe.batch * steps)
    models = [build(plain_model(task, width, depth), task.signature, seed=0).train() for _ in range(2)]
    loop = bare_loop(task, models[1], steps)
    taken: dict[str, list[float]] = {"trainer": [], "bare": []}
    done, resumed = 0, 0.0

    def let_the_other() -> None:
        """Before every TURN-th step of the trainer, the bare loop takes its turn."""
        nonlocal done, resumed
        if done % TURN == 0 and done < steps:
            if done:
                taken["trainer"].append(time.perf_counter() - resumed)
            taken["bare"].append(_seconds(lambda: [next(loop) for _ in range(TURN)]))
            resumed = time.perf_counter()
        done += 1

    next(Trainer(models[0], task, recipe, seed=0, rungs=1, between_steps=let_the_other).run())
    examples = TURN * recipe.batch
    rates = {who: examples / median(seconds[1:]) for who, seconds in taken.items()}
    tokens = task.examples(Split.TRAIN).inputs.shape[1] if task.examples(Split.TRAIN).inputs.dim() == 2 else 1
    return {
        "task": name,
        "width": width,
        "depth": depth,
        "trainer_per_s": rates["trainer"],
        "bare_per_s": rates["bare"],
        "tokens_per_example": tokens,
        "ratio": rates["trainer"] / rates["bare"],
    }


def peak_memory(name: str) -> dict[str, Any]:
    """MB that a training process of its own has held at most, and before it trained."""
    asked = [sys.executable, __file__, "--memory-of", name]
    found: dict[str, Any] = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    return found


def _train_and_tell(name: str) -> None:
    task = open_task(name)
    before = _most_held()
    recipe = replace(task.recipe, budget=20 * task.recipe.batch)
    model = build(plain_model(task, 64, 2), task.signature, seed=0)
    for _ in Trainer(model, task, recipe, seed=0, rungs=1).run():
        pass
    most = _most_held()
    print(json.dumps({"task": name, "opened_mb": round(before), "most_mb": round(most)}))


def _most_held() -> float:
    """MB that this process has held at most; getrusage would count what its parent held when it forked."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def openings() -> list[dict[str, Any]]:
    """CPU seconds of opening each task whose data is here, and examples a second where they are drawn."""
    found = []
    for name in task_names():
        try:
            first, task = _opened(name)
        except UserError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        row: dict[str, Any] = {"task": name, "open_s": round(first, 3)}
        if task.about.data.startswith("generated"):
            again, _ = _opened(name)
            examples = sum(len(task.examples(split)) for split in Split)
            row |= {"examples": examples, "examples_per_s": round(examples / max(again, 1e-6))}
        found.append(row)
    return found


def _opened(name: str) -> tuple[float, Task]:
    start = time.process_time()
    task = open_task(name)
    return time.process_time() - start, task


def device() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def report(short: bool) -> dict[str, Any]:
    """Everything, printed on the way."""
    start = time.perf_counter()
    found: dict[str, Any] = {"device": device(), "torch": torch.__version__, "threads": 1}
    found["opening"] = openings()
    for row in found["opening"]:
        rate = f"{row['examples_per_s']:12,} examples/s" if "examples_per_s" in row else ""
        print(f"open {row['task']:24} {row['open_s']:6.2f} s {rate}", flush=True)
    found["batches"] = {kind: pipeline(name, 30 if short else 150) for kind, name in PIPELINES.items()}
    for kind, row in found["batches"].items():
        print(
            f"batches {kind:20} {row['batch_ms']:6.3f} of {row['step_ms']:6.2f} ms  {row['share']:6.1%}  {row['task']}"
        )
    sizes = ((16, 1), (64, 2))
    turns = 5 if short else 21
    found["trainer"] = [beside_bare_loop(name, *size, turns) for name in TRAINED for size in sizes]
    for row in found["trainer"]:
        print(
            f"trainer {row['task']:12} {row['width']:3} x {row['depth']} {row['trainer_per_s']:10,.0f} examples/s, "
            f"bare loop {row['bare_per_s']:10,.0f}, ratio {row['ratio']:.3f}",
            flush=True,
        )
    found["memory"] = [peak_memory(name) for name in MEMORY]
    for row in found["memory"]:
        print(f"memory {row['task']:20} {row['most_mb']} MB at most, {row['opened_mb']} MB opened", flush=True)
    found["minutes"] = round((time.perf_counter() - start) / 60, 1)
    return found


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer steps")
    parser.add_argument("--json", type=Path, help=f"where figures are written too (nowhere; kept: {RESULTS})")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.memory_of:
        _train_and_tell(given.memory_of)
        return
    found = report(given.short)
    print(f"{found['minutes']} minutes on {found['device']}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

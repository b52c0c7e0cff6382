"""Trains one small plain model on every task by the task's own recipe, beside the constant answer and a classical baseline.

Each task's figures are kept as soon as they are there (benchmarks/results/tasks.json); `--table` writes them into docs/tasks.md and
trains nothing. `--short` is a tenth of each budget.
Run: python benchmarks/tasks.py [NAMES...] [--width N] [--json FILE] [--short] [--table]
"""

import argparse
import json
import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from baselines import CLASSICAL
from plain_model import plain_model
from quoted_baselines import quoted

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.registry import task_names
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.records.trial import Score
from paretoformer.search_spaces.build import build

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "tasks.json"
PAGE = ROOT / "docs" / "tasks.md"
BEGIN, END = "<!-- from benchmarks/results/tasks.json -->", "<!-- end -->"
WIDTH, DEPTH = 32, 2
SHORT = 10
HEADINGS = (
    "| task | metric | constant | classical | small model, validation | test | width | parameters | seconds |",
    "|---|---|---|---|---|---|---|---|---|",
)


def figures(task: Task, width: int, short: bool) -> dict[str, Any]:
    """All that the table says of a task, its classical baseline and the training included."""
    metric = task.metrics[0]
    recipe = replace(task.recipe, budget=max(task.recipe.batch, task.recipe.budget // SHORT)) if short else task.recipe
    model = build(plain_model(task, width, DEPTH), task.signature, seed=0)
    start = time.perf_counter()
    trainer = Trainer(model, task, recipe, seed=0, rungs=1)
    (last,) = trainer.run()
    seconds = time.perf_counter() - start
    found = {
        "metric": metric.name,
        "minimise": metric.minimise,
        "constant": task.constant_scores()[metric.name],
        "baseline": task.about.baseline,
        "validation": _interval(last, metric.name),
        "test": _interval(trainer.score(Split.TEST, 0), metric.name),
        "others": {score.metric: score.value for score in last if score.metric != metric.name},
        "width": width,
        "depth": DEPTH,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "recipe": recipe.to_json(),
        "seconds": round(seconds, 1),
    }
    if task.name in CLASSICAL:
        words, reach = CLASSICAL[task.name]
        found["classical"] = {"what": words, "value": reach(task)}
    return found


def _interval(scores: tuple[Score, ...], metric: str) -> list[float]:
    """Value, low and high."""
    score = next(score for score in scores if score.metric == metric)
    return [score.value, score.low, score.high]


def beats_constant(found: dict[str, Any]) -> bool:
    """Whether the whole interval on validation is beyond the constant answer."""
    _, low, high = found["validation"]
    return bool(high < found["constant"] if found["minimise"] else low > found["constant"])


def classical(name: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """The classical baseline: recomputed where that takes seconds, else as the task's sentence has it; None where there is none."""
    recomputed: dict[str, Any] | None = found.get("classical")
    return recomputed or quoted(name, found["baseline"])


def loses(name: str, found: dict[str, Any]) -> bool:
    """Whether the classical baseline's figure on validation is better than the small model's."""
    other, value = classical(name, found), found["validation"][0]
    return other is not None and bool(value > other["value"] if found["minimise"] else value < other["value"])


def row(name: str, found: dict[str, Any]) -> str:
    """A line of the table."""
    other = classical(name, found)
    cells = (
        f"`{name}`",
        found["metric"] + (" (less is better)" if found["minimise"] else ""),
        f"{found['constant']:.3f}",
        f"{other['value']:.3f} {other['what']}" if other else "none",
        _written(found["validation"]),
        _written(found["test"]),
        str(found["width"]),
        f"{found['parameters']:,}",
        f"{found['seconds']:.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def _written(interval: list[float]) -> str:
    value, low, high = interval
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def table(results: dict[str, Any]) -> str:
    """What stands in docs/tasks.md between its marks."""
    tasks = results["tasks"]
    reached = [name for name, found in tasks.items() if not beats_constant(found)]
    losing = [name for name, found in tasks.items() if loses(name, found)]
    lines = [*HEADINGS, *(row(name, found) for name, found in tasks.items()), ""]
    lines.append(f"Within its constant answer's reach: {_listed(reached)}.")
    lines.append(f"The small model's score on validation is worse than its classical baseline's on: {_listed(losing)}.")
    if results["left"]:
        lines.append(f"Not trained here yet: {_listed(results['left'])}.")
    lines += ["", "| task | what is reached without a transformer, as `list tasks` says it |", "|---|---|"]
    lines += [f"| `{name}` | {found['baseline']} |" for name, found in tasks.items()]
    return "\n".join(lines)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def page(text: str, results: dict[str, Any]) -> str:
    """The page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def kept(path: Path) -> dict[str, Any]:
    """Results of earlier runs, or none."""
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    return {"machine": platform.machine(), "torch": torch.__version__, "left": [], "tasks": {}}


def keep(path: Path, name: str, found: dict[str, Any]) -> None:
    """Add a task's figures to those that are kept."""
    results = kept(path)
    results["tasks"] = dict(sorted({**results["tasks"], name: found}.items()))
    results["left"] = [each for each in task_names() if each not in results["tasks"]]
    path.write_text(json.dumps(results, indent=1) + "\n")


def main() -> None:
    """Train on the tasks that are named, or all, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="tasks (all whose data is here)")
    parser.add_argument("--json", type=Path, help="where figures are kept (benchmarks/results/tasks.json)")
    parser.add_argument("--width", type=int, default=WIDTH, help=f"channels of every stack ({WIDTH})")
    parser.add_argument("--short", action="store_true", help="a tenth of each budget; kept only where --json says so")
    parser.add_argument("--table", action="store_true", help="write docs/tasks.md from the figures and train nothing")
    arguments = parser.parse_args()
    if arguments.table:
        PAGE.write_text(page(PAGE.read_text(), kept(arguments.json or RESULTS)))
        return
    torch.set_num_threads(1)
    for name in arguments.names or task_names():
        try:
            task = open_task(name)
        except UserError as error:
            print(f"{name}: {error}", flush=True)
            continue
        found = figures(task, arguments.width, arguments.short)
        if arguments.json or not arguments.short:
            keep(arguments.json or RESULTS, name, found)
        print(row(name, found) + ("" if beats_constant(found) else "  <- CONSTANT"), flush=True)


if __name__ == "__main__":
    main()

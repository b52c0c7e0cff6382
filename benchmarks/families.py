"""Runs one small search for each family of tasks, and writes what they found into docs/tasks-found.md.

Six trials each unless --trials says otherwise, counted costs but for one:
they show that a family can be searched, not which choice is best. Figures are kept
after each family (benchmarks/results/families.json). About a minute each on one free core, some more.
Run: python benchmarks/families.py [FAMILIES...] [--trials N] [--page]
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from choices import KINDS, cell, report

from paretoformer import UserError, search
from paretoformer.records.units import show

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "families.json"
PAGE = ROOT / "docs" / "tasks-found.md"
BEGIN, END = "<!-- from benchmarks/results/families.json -->", "<!-- end -->"
TRIALS = 6


@dataclass(frozen=True, kw_only=True)
class Family:
    """The search that stands for a family."""

    task: str
    space: str
    objectives: str
    budget: int


FAMILIES = {
    "text": Family(task="sentiment", space="text-encoder", objectives="accuracy, -params", budget=2_048),
    "image": Family(task="fashion-mnist", space="vision", objectives="accuracy, -latency", budget=2_048),
    "length generalisation": Family(task="copy", space="positions", objectives="beyond, -params", budget=8_192),
    "in-context": Family(task="boolean-icl", space="series-decoder", objectives="accuracy, -params", budget=8_192),
    "recall": Family(task="mqar", space="hybrid", objectives="accuracy, -params", budget=16_384),
    "graph": Family(task="graph-structure", space="text-encoder", objectives="accuracy, -params", budget=6_144),
    "image-text": Family(task="emoji", space="captioner", objectives="recall_10_by_text, -params", budget=24_576),
    "speech": Family(task="speech-translation", space="speech", objectives="-bits_per_byte, -params", budget=2_048),
    "translation": Family(
        task="bible-translation", space="encoder-decoder", objectives="-bits_per_byte, -params", budget=1_024
    ),
    "geometry": Family(task="pointmap", space="two-views", objectives="-point-error, -params", budget=12_288),
    "function": Family(task="function-fit", space="series-decoder", objectives="-rmse, -params", budget=16_384),
    "series": Family(task="signals", space="series-encoder", objectives="-rmse, -params", budget=8_192),
}


def searched(name: str, family: Family, folder: Path, trials: int) -> dict[str, Any]:
    """A study from its start to its end, and what is kept of it."""
    storage, study = f"sqlite:///{folder / 'families.db'}", name.replace(" ", "-")
    start = time.perf_counter()
    search(
        family.task,
        space=family.space,
        objectives=family.objectives,
        budget=family.budget,
        trials=trials,
        study=study,
        storage=storage,
        artifacts=folder,
        seed=0,
    )
    found = report(study, storage)
    return {**vars(family), "trials": trials, "search_s": round(time.perf_counter() - start, 1), **found}


def section(name: str, found: dict[str, Any]) -> str:
    """What the page says of one family."""
    states = ", ".join(f"{number} {state}" for state, number in found["states"].items())
    command = (
        f'    paretoformer search {found["task"]} --space {found["space"]} --objectives "{found["objectives"]}" \\\n'
        f"        --budget {found['budget']} --trials {found['trials']} --seed 0"
    )
    columns = list(found["front"][0]["values"]) if found["front"] else []
    lines = [f"## {name}: `{found['task']}` in space `{found['space']}`", "", command, ""]
    lines += [f"Trials: {states}; {found['search_s'] / 60:.1f} minutes.", ""]
    lines += [f"| trial | {' | '.join(columns)} | test | width | {' | '.join(KINDS)} |"]
    lines += ["|" + "---|" * (len(columns) + 3 + len(KINDS))]
    lines += [_front_row(row, columns) for row in found["front"]]
    lines += ["", *(f"- trial {row['trial']} was {row['state']}: {row['reason']}" for row in found["untrained"])]
    return "\n".join(lines).rstrip() + "\n"


def _front_row(row: dict[str, Any], columns: list[str]) -> str:
    shown = " | ".join(_shown(row["values"][column]) for column in columns)
    test = row["test"][columns[0]] if row["test"] else None
    tested = show(test["value"], test["unit"]) if test else ""
    chosen = " | ".join(", ".join(row[kind]) for kind in KINDS)
    return f"| {row['trial']} | {shown} | {tested} | {row['width']} | {chosen} |"


def _shown(each: dict[str, Any]) -> str:
    """A value, with its interval where it has one."""
    return cell(each) if each["low"] < each["high"] else show(each["value"], each["unit"])


def page(text: str, kept: dict[str, Any]) -> str:
    """The page with its generated part made anew; families without figures are named."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    missing = [name for name in FAMILIES if name not in kept]
    parts = [section(name, kept[name]) for name in FAMILIES if name in kept]
    if missing:
        parts.append(f"Not run: {', '.join(missing)}.\n")
    return f"{before}{BEGIN}\n\n" + "\n".join(parts) + f"\n{END}{after}"


def results() -> dict[str, Any]:
    """What is kept by now, by family."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def main() -> None:
    """Search the families that are named, or all that have no figures yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", help="those to search (all without figures)")
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"of each study ({TRIALS})")
    parser.add_argument(
        "--page", action="store_true", help="write docs/tasks-found.md from the figures and search nothing"
    )
    given = parser.parse_args()
    if given.page:
        PAGE.write_text(page(PAGE.read_text(), results()))
        return
    folder = Path(tempfile.mkdtemp(prefix="paretoformer-families-"))
    for name in given.families or [name for name in FAMILIES if name not in results()]:
        try:
            found = searched(name, FAMILIES[name], folder, given.trials)
        except UserError as error:
            print(f"{name}: {error}", flush=True)
            continue
        RESULTS.write_text(json.dumps({**results(), name: found}, indent=1) + "\n")
        print(section(name, found), flush=True)


if __name__ == "__main__":
    main()

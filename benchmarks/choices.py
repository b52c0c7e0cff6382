"""Which choices trained trials of a finished study have beside those on its front, read from its database.

    paretoformer search python-docs --space language-mixers --study language-mixers --storage sqlite:///choices.db ...
    python benchmarks/choices.py language-mixers --storage sqlite:///choices.db

Prints the front with the choices of each point, and for each mixer, position, norm and feed-forward the number of trained
trials and of points of the front that have it in at least one layer. Trained are complete trials and those stopped at a rung.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paretoformer.evaluators.examples import Split
from paretoformer.records.trial import TrialState
from paretoformer.records.units import show
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.studies.points import FrontPoint
from paretoformer.studies.study import Study

TRAINED = (TrialState.COMPLETE, TrialState.PRUNED)
KINDS = ("mixer", "position", "norm", "feedforward")


def choices(architecture: Architecture) -> dict[str, list[str]]:
    """Names by kind, one for each layer, or for each stack where a stack has one."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for stack in architecture.stacks:
        found["position"].append(stack.position.choice.name)
        for branch in stack.branches:
            for part in branch.parts:
                found[part.choice.kind].append(part.choice.name)
    found["norm"] = list(dict.fromkeys(found["norm"]))
    return found


def held(architectures: Iterable[Architecture]) -> dict[str, Counter[str]]:
    """By kind, how many of the architectures have each name."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for architecture in architectures:
        for kind, names in choices(architecture).items():
            counts[kind].update(set(names))
    return counts


def values(point: FrontPoint) -> dict[str, dict[str, Any]]:
    """Value, interval and unit by objective."""
    return {
        str(column): {"value": each.value, "low": each.low, "high": each.high, "unit": column.unit}
        for column, each in zip(point.columns, point.values, strict=True)
    }


def point_row(point: FrontPoint, tested: FrontPoint | None) -> dict[str, Any]:
    """A point of the front: its values with their intervals, its score on test, and its choices."""
    row = {"trial": point.number, "values": values(point), "test": values(tested) if tested else None}
    size = {"params": point.counts["params"], "width": point.architecture.stacks[0].width}
    return {**row, **size, "noisy": point.noisy, "tied": point.tied, **choices(point.architecture)}


def report(name: str, storage: str) -> dict[str, Any]:
    """Everything that is printed of one study."""
    study = Study.load(name, storage)
    specs = study.store.reads.architectures(study.row.id)
    trained = [
        Architecture.from_json(specs[trial.architecture])
        for trial in study.trials
        if trial.state in TRAINED and trial.architecture is not None
    ]
    front = study.front()
    everywhere, best = held(trained), held(point.architecture for point in front)
    tested = {point.number: point for point in study.front(Split.TEST)}
    ended = [trial.ended for trial in study.trials if trial.ended is not None]
    return {
        "study": name,
        "space": study.spec.space.name,
        "engine": study.spec.engine,
        "seed": study.spec.seed,
        "date": datetime.fromtimestamp(min(trial.started for trial in study.trials), UTC).date().isoformat(),
        "minutes": (max(ended) - min(trial.started for trial in study.trials)) / 60,
        "states": dict(Counter(trial.state.value for trial in study.trials)),
        "untrained": [
            {"trial": trial.number, "state": trial.state.value, "reason": trial.reason}
            for trial in study.trials
            if trial.state not in TRAINED
        ],
        "noisy": [point.number for point in study.points() if point.noisy],
        "trained": len(trained),
        "front": [point_row(point, tested.get(point.number)) for point in front],
        "choices": {
            kind: {
                each: {"trained": number, "front": best[kind][each]} for each, number in everywhere[kind].most_common()
            }
            for kind in KINDS
        },
    }


def cell(each: dict[str, Any]) -> str:
    """A value with its unit and interval."""
    value, low, high = (show(each[part], each["unit"]) for part in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def print_report(found: dict[str, Any]) -> None:
    """Print a report as Markdown tables."""
    states = ", ".join(f"{number} {state}" for state, number in found["states"].items())
    print(f"## {found['study']}: {states}; {found['minutes']:.0f} minutes, {found['date']}\n")
    columns = list(found["front"][0]["values"]) if found["front"] else []
    print(f"| trial | {' | '.join(columns)} | test | params | width | mixers | position | norm | feed-forwards |")
    print("|" + "---|" * (len(columns) + 8))
    for row in found["front"]:
        shown = " | ".join(cell(row["values"][column]) for column in columns)
        test = row["test"][columns[0]] if row["test"] else None
        tested = show(test["value"], test["unit"]) if test else ""
        names = " | ".join(", ".join(row[kind]) for kind in KINDS)
        print(f"| {row['trial']} | {shown} | {tested} | {row['params']:,} | {row['width']} | {names} |")
    for kind in KINDS:
        print(f"\n| {kind} | of {found['trained']} trained trials | of {len(found['front'])} points of the front |")
        print("|---|---|---|")
        for name, counts in found["choices"][kind].items():
            shares = counts["trained"] / found["trained"], counts["front"] / max(1, len(found["front"]))
            print(f"| {name} | {counts['trained']} ({shares[0]:.0%}) | {counts['front']} ({shares[1]:.0%}) |")
    print(f"\nnoisy: {found['noisy']}")
    for row in found["untrained"]:
        print(f"{row['state']}: {row['trial']}: {row['reason']}")


def main() -> None:
    """Read, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+")
    parser.add_argument("--storage", default="sqlite:///choices.db")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/choices.json"))
    given = parser.parse_args()
    reports = [report(name, given.storage) for name in given.studies]
    for each in reports:
        print_report(each)
    given.json.write_text(json.dumps(reports, indent=1) + "\n")


if __name__ == "__main__":
    main()

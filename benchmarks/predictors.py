"""How well learned predictors tell costs of rows held out, beside depth alone, a linear model and boosted trees on five features.

    PARETOFORMER_TABLES=DIR python benchmarks/predictors.py             # about 6 minutes on a core
    PARETOFORMER_TABLES=DIR python benchmarks/predictors.py --rows 1000 # a part of each table

The tables are HW-GPT-Bench's small scale (Apache-2.0) on three GPUs and two CPUs, and two whole spaces of convolutional cells, which guard
against terms that fit one table only. 80 % of the rows are learned from and 20 % judged on, by a seed. The anchors are LightGBM on
five features on HW-GPT-Bench's devices. Transfer: a predictor of one device, and 10, 20 or 50 rows of another.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console

from paretoformer.cli.views.predictors import scores_json, scores_table
from paretoformer.hardware_models.predictors.scores import Scores, score
from paretoformer.hardware_models.predictors.table_fit import (
    HeldOutScores,
    TableRequest,
    fit_table,
    read_target,
    score_table,
)
from paretoformer.hardware_models.tables.reading import read_table

GPUS, CPUS = ("a100", "h100", "rtx2080"), ("cpu_meta", "helix_cpu")
GROUPS = {
    "GPU latency": [f"lat_ms_{device}" for device in GPUS],
    "CPU latency": [f"lat_ms_{device}" for device in CPUS],
    "GPU energy": [f"en_wh_{device}" for device in GPUS],
    "CPU energy": [f"en_wh_{device}" for device in CPUS],
}
ANCHORS = {"GPU latency": (0.0029, 0.981), "CPU latency": (0.0374, 0.849), "GPU energy": (0.0485, 0.858)}
"""MAPE and Kendall tau of boosted trees on five features, medians over devices."""
HWGPT = ("embed", "n_layer", "heads", "mlp", "bias")
OTHERS = {
    "nasbench201_cifar100_xeon6226.csv": (tuple(f"op{place}" for place in range(6)), ("latency_ms",)),
    "nasbench_macro.csv": (tuple(f"b{place}" for place in range(8)), ("mflops", "params")),
}
TRANSFERS = (
    ("lat_ms_a100", "lat_ms_h100"),
    ("lat_ms_h100", "lat_ms_rtx2080"),
    ("lat_ms_a100", "lat_ms_helix_cpu"),
    ("lat_ms_helix_cpu", "lat_ms_cpu_meta"),
)
FEW, REPEATS, TRANSFER_TEST = (10, 20, 50), 5, 2_000
ALIKE = 8
"""Rows with the same features from which a group says how much the same architecture's figures vary."""


def scored(
    file: Path, features: tuple[str, ...], columns: list[str], given: argparse.Namespace
) -> list[dict[str, Any]]:
    """Every column of a table, with the seconds that it took."""
    frame = read_table(file)
    frame = frame.iloc[: given.rows or len(frame)]
    rows = []
    for column in columns:
        began = time.process_time()
        (found,) = score_table(frame, [column], TableRequest(features=features, seed=given.seed))
        rows.append({**scores_json(found), "table": file.name, "seconds": round(time.process_time() - began, 1)})
        show(found, rows[-1]["seconds"])
    return rows


def show(found: HeldOutScores, seconds: float) -> None:
    """The scores of one column."""
    console = Console(width=120)
    console.print(f"{found.column} ({seconds:.0f} CPU s)")
    console.print(scores_table([(found.fit.selection.chosen.name, found.chosen), *found.baselines.items()]))


def medians(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The median of each group of devices beside its anchor."""
    by_column = {row["column"]: row["scores"] for row in rows}
    found = []
    for group, columns in GROUPS.items():
        mape, tau = (median(by_column[column][name] for column in columns) for name in ("mape", "tau"))
        anchor = ANCHORS.get(group)
        found.append({"group": group, "mape": mape, "tau": tau, "anchor": anchor})
        beside = f"anchor {100 * anchor[0]:.2f} % / {anchor[1]:.3f}" if anchor else "no anchor"
        print(f"{group}: {100 * mape:.2f} % / {tau:.3f}, {beside}")
    return found


def least_error(file: Path) -> dict[str, float]:
    """MAPE of the best constant of each group of rows alike in width, depth, bias and sums, told after seeing the rows.

    What a predictor of these features cannot go below by more than what single layers say.
    """
    frame = read_table(file)
    keys = [frame["embed"], frame["n_layer"], frame["bias"], *(frame[name].map(total) for name in ("heads", "mlp"))]
    found = {}
    for column in (column for columns in GROUPS.values() for column in columns):
        errors: list[float] = []
        for _, group in frame[column].astype(float).groupby(keys):
            if len(group) >= ALIKE:
                values = group.to_numpy()
                best = np.abs(values[:, None] / values - 1).mean(axis=1).min()
                errors += [float(best)] * len(values)
        found[column] = float(np.mean(errors))
    return found


def total(text: str) -> int:
    """The sum of a list such as 8-4-8."""
    return sum(int(part) for part in text.split("-"))


def transferred(file: Path, seed: int) -> list[dict[str, Any]]:
    """For each pair of devices and number of rows: medians over draws, with the other device's predictor and without."""
    frame = read_table(file)
    order = np.random.default_rng(seed).permutation(len(frame))
    held, rest = frame.iloc[order[:TRANSFER_TEST]], order[TRANSFER_TEST:]
    request, found = TableRequest(features=HWGPT, seed=seed), []
    for origin, column in TRANSFERS:
        prior = fit_table(frame.iloc[rest[:1_000]], origin, request).predictor
        measured = read_target(held, column)
        for rows in FEW:
            tried: dict[str, list[Scores]] = {"transferred": [], "from scratch": []}
            chosen: list[str] = []
            for draw in range(REPEATS):
                few = frame.iloc[rest[1_000 + draw * rows : 1_000 + (draw + 1) * rows]]
                for name, other in (("transferred", prior), ("from scratch", None)):
                    fitted = fit_table(few, column, replace(request, seed=draw), prior=other).predictor
                    said = fitted.predict(held)
                    tried[name].append(score(said.value, measured, None, said.holds(measured)))
                    chosen += [fitted.fitted.name] if other else []
            row = {"from": origin, "to": column, "rows": rows, "chosen": chosen}
            for name, each in tried.items():
                row[name] = {
                    figure: median(getattr(s, figure) or 0.0 for s in each) for figure in ("mape", "tau", "coverage")
                }
            found.append(row)
            one, two = row["transferred"], row["from scratch"]
            print(
                f"{origin} to {column}, {rows} rows: {100 * one['mape']:.2f} % / {one['tau']:.3f}, "
                f"from scratch {100 * two['mape']:.2f} % / {two['tau']:.3f}",
                flush=True,
            )
    return found


def main() -> None:
    """Score, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, help="of each table, the first so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where the figures are written, if anywhere")
    given = parser.parse_args()
    if not os.environ.get("PARETOFORMER_TABLES"):
        print("PARETOFORMER_TABLES names no folder of tables; nothing was scored.")
        return
    folder, began = Path(os.environ["PARETOFORMER_TABLES"]), time.monotonic()
    hwgpt = folder / "hwgpt_s.csv.gz"
    rows = scored(hwgpt, HWGPT, [column for columns in GROUPS.values() for column in columns], given)
    found = {"devices": medians(rows), "least_error": least_error(hwgpt), "columns": rows}
    for name, (features, columns) in OTHERS.items():
        found["columns"] += scored(folder / name, features, list(columns), given)
    found["transfer"] = transferred(hwgpt, given.seed)
    about = {"seed": given.seed, "rows": given.rows, "processor": platform.processor() or platform.machine()}
    about["minutes"] = round((time.monotonic() - began) / 60, 1)
    if given.json:
        given.json.write_text(json.dumps({"about": about, **found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

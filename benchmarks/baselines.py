"""Compares no transformer with anything: prints what classical models reach on the tasks' own validation splits.

The figures stand in each task's `about.baseline`. Run: python benchmarks/baselines.py [--json FILE]
"""

import argparse
import json
import math
import platform
from collections import Counter
from pathlib import Path

import numpy as np

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task

ORDERS = (0, 1, 2, 3)


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where the figures are written too (nowhere)")
    arguments = parser.parse_args()
    figures = [logistic_regression(open_task("digits")), *(n_gram(open_task("python-docs"), n) for n in ORDERS)]
    for figure in figures:
        print(f"{figure['task']:12} {figure['model']:40} {figure['metric']:14} {figure['validation']:.4f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"python": platform.python_version(), "baselines": figures}, indent=1))


def logistic_regression(task: Task) -> dict[str, str | float]:
    """Multinomial, on raw pixels, scikit-learn's default regularisation."""
    from sklearn.linear_model import LogisticRegression

    train, validation = (_flat(task.examples(split)) for split in (Split.TRAIN, Split.VALIDATION))
    accuracy = LogisticRegression(max_iter=2_000).fit(*train).score(*validation)
    return {"task": task.name, "model": "logistic regression", "metric": "accuracy", "validation": float(accuracy)}


def _flat(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    return examples.inputs.flatten(1).numpy(), examples.targets.numpy()


def n_gram(task: Task, order: int) -> dict[str, str | float]:
    """Byte n-gram of the training windows, each order leaning on the one below.

    With c of n followers in training and p from the order below, a byte has chance (c + 5 p) / (n + 5); below order 0
    every byte has 1 / 256.
    """
    counts = [_counts(task.examples(Split.TRAIN), n) for n in range(order + 1)]
    bits, asked = 0.0, 0
    for row in _rows(task.examples(Split.VALIDATION)):
        for end in range(1, len(row)):
            chance = 1 / 256
            for n in range(min(order, end) + 1):
                followers = counts[n].get(row[end - n : end])
                if followers:
                    chance = (followers[row[end]] + 5 * chance) / (followers.total() + 5)
            bits -= math.log2(chance)
            asked += 1
    return {
        "task": task.name,
        "model": f"byte n-gram of order {order}",
        "metric": "bits_per_byte",
        "validation": bits / asked,
    }


def _rows(examples: Examples) -> list[bytes]:
    """Each window with the byte after it."""
    inputs, last = examples.inputs.numpy().astype(np.uint8), examples.targets[:, -1:].numpy().astype(np.uint8)
    return [row.tobytes() for row in np.concatenate([inputs, last], axis=1)]


def _counts(examples: Examples, order: int) -> dict[bytes, Counter[int]]:
    found: dict[bytes, Counter[int]] = {}
    for row in _rows(examples):
        for end in range(max(1, order), len(row)):
            found.setdefault(row[end - order : end], Counter())[row[end]] += 1
    return found


if __name__ == "__main__":
    main()

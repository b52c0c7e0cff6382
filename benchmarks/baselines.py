"""Compares no transformer with anything: prints what classical models reach on the tasks' own validation splits.

The figures stand in each task's `about.baseline`. Run: python benchmarks/baselines.py [--json FILE]
"""

import argparse
import json
import math
import platform
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from block_matching import block_matching

from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.metric import OutputMetric, PairMetric
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


def clothes(task: Task) -> float:
    """Multinomial logistic regression on the pixels of 10,000 images, stopped after 60 iterations."""
    from sklearn.linear_model import LogisticRegression

    train, validation = task.examples(Split.TRAIN).take(slice(0, 10_000)), task.examples(Split.VALIDATION)
    return float(LogisticRegression(max_iter=60).fit(*_flat(train)).score(*_flat(validation)))


def texts(task: Task) -> float:
    """Logistic regression on TF-IDF of runs of 1 to 4 characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
    train, validation = task.examples(Split.TRAIN), task.examples(Split.VALIDATION)
    known = vectors.fit_transform(_as_text(train))
    model = LogisticRegression(max_iter=1_000).fit(known, train.targets.numpy())
    return float(model.score(vectors.transform(_as_text(validation)), validation.targets.numpy()))


def _as_text(examples: Examples) -> list[str]:
    """One character a token."""
    assert examples.lengths is not None
    rows = zip(examples.inputs.tolist(), examples.lengths.tolist(), strict=True)
    return ["".join(map(chr, row[:length])) for row, length in rows]


def most_frequent_label(task: Task) -> float:
    """Each token's most frequent label in training, and over all tokens for those that it lacks."""
    train, validation = task.examples(Split.TRAIN), task.examples(Split.VALIDATION)
    vocabulary, classes = int(train.inputs.max()) + 1, task.signature.output.columns
    asked = train.targets != IGNORED
    counts = torch.bincount(train.inputs[asked] * classes + train.targets[asked], minlength=vocabulary * classes)
    by_token = counts.reshape(vocabulary, classes).float() + counts.reshape(-1, classes).sum(0) / counts.sum()
    asked = validation.targets != IGNORED
    answers = by_token.argmax(1)[validation.inputs[asked].clamp_max(vocabulary - 1)]
    return float((answers == validation.targets[asked]).double().mean())


def ridge(task: Task) -> float:
    """Ridge regression on the inputs, scikit-learn's default penalty, fitted to examples of which all is asked."""
    from sklearn.linear_model import Ridge

    (inputs, asked), (validation, _) = (_flat(task.examples(split)) for split in (Split.TRAIN, Split.VALIDATION))
    whole = ~np.isnan(asked).any(1)
    answers = torch.from_numpy(Ridge().fit(inputs[whole], asked[whole]).predict(validation))
    metric = task.metrics[0]
    assert isinstance(metric, OutputMetric)
    return metric.score(metric.parts(answers, task.examples(Split.VALIDATION))).value


def named_pictures(task: Task) -> float:
    """Ridge regression from 8 x 8 pixels to TF-IDF of runs of 3 to 5 characters of the name, both less their means."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge

    train, validation = task.examples(Split.TRAIN), task.examples(Split.VALIDATION)
    pixels, seen = (_small(examples) for examples in (train, validation))
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, max_features=8_000)
    known = vectors.fit_transform(map(task.text, train.inputs.tolist())).toarray()
    asked = vectors.transform(map(task.text, validation.inputs.tolist())).toarray()
    answers = Ridge().fit(pixels, known).predict(seen)
    metric = task.metrics[0]
    assert isinstance(metric, PairMetric)
    pairs = (torch.from_numpy(each - known.mean(0)) for each in (asked, answers))
    return metric.score(metric.parts(*pairs, validation)).value


def _small(examples: Examples) -> np.ndarray:
    assert examples.source is not None
    return torch.nn.functional.adaptive_avg_pool2d(examples.source.inputs, 8).flatten(1).numpy()


CLASSICAL: dict[str, tuple[str, Callable[[Task], float]]] = {
    "brown": ("byte trigram", lambda task: float(n_gram(task, 2)["validation"])),
    "digits": ("logistic regression", lambda task: float(logistic_regression(task)["validation"])),
    "emoji": ("ridge regression from 8 x 8 pixels", named_pictures),
    "fashion-mnist": ("logistic regression", clothes),
    "python-docs": ("byte trigram", lambda task: float(n_gram(task, 2)["validation"])),
    "sentiment": ("logistic regression on runs of characters", texts),
    "signals": ("ridge regression", ridge),
    "stereo": ("matching of squares", block_matching),
    "tagging": ("each word's most frequent tag", most_frequent_label),
}
"""By task, what it is and what it gives on validation; each takes seconds."""


if __name__ == "__main__":
    main()

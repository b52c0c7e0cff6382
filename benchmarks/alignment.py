"""Compares four views joined by chaining pairs with the same views aligned globally, on what a small trained model says of pairs.

A plain model is trained on `pointmap` by its recipe; scenes that it has not seen are then shown by four cameras each, and all
twelve ordered pairs are told. Beside it stand the task's constant answer, and exact maps with noise that is each pair's own.
Figures are kept in benchmarks/results/alignment.json. Three minutes, ten beside other work.
Run: python benchmarks/alignment.py [--scenes N] [--width N] [--short] [--json FILE]
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import torch
from plain_model import plain_model
from sklearn.metrics import roc_auc_score
from torch import Tensor

from paretoformer.evaluators.geometry.alignment import aligned
from paretoformer.evaluators.geometry.cameras import Cameras
from paretoformer.evaluators.geometry.chaining import chained
from paretoformer.evaluators.geometry.focal import focal_length
from paretoformer.evaluators.geometry.layout import Layout, energy
from paretoformer.evaluators.geometry.point_maps import confidence, normalised, point_errors, read, written
from paretoformer.evaluators.geometry.raycast import look
from paretoformer.evaluators.geometry.scenes import draw_scenes, draw_views
from paretoformer.evaluators.geometry.similarity import best_similarity
from paretoformer.evaluators.geometry.task import TwoViewsTask
from paretoformer.evaluators.geometry.view_pairs import ViewPairs, found_pairs
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Model, Source

RESULTS = Path(__file__).parent / "results" / "alignment.json"
VIEWS, SIZE, SPHERES, TURN = 4, 16, 3, 0.7  # of pointmap at its defaults
PAIRS = torch.tensor(list(permutations(range(VIEWS), 2)))
SEED = 4_242
DEPTH, SHORT = 2, 10
NOISE = 0.05  # of the mean distance: of each point, and of all points of a pair's second view together

Figures = dict[str, float]


def trained(task: Task, width: int, short: bool) -> Model:
    """The plain model after the task's recipe, or a tenth of it."""
    recipe = replace(task.recipe, budget=task.recipe.budget // SHORT) if short else task.recipe
    model = build(plain_model(task, width, DEPTH), task.signature, seed=0)
    for _ in Trainer(model, task, recipe, seed=0, rungs=1).run():
        pass
    return model.eval()


def drawn(number: int) -> tuple[Tensor, Tensor, Cameras]:
    """Pictures (V, 3, H, W) of a scene, points (V, H, W, 3) of its world, nan where none is asked, and the cameras."""
    rng = np.random.default_rng((SEED, number))
    scenes = draw_scenes(rng, 1, SPHERES)
    cameras = draw_views(rng, 1, TURN, VIEWS)
    views = [look(scenes, camera, SIZE) for camera in cameras]
    return (
        torch.cat([view.images for view in views]),
        torch.cat([view.points for view in views]),
        Cameras(
            rotation=torch.cat([camera.rotation for camera in cameras]),
            position=torch.cat([camera.position for camera in cameras]),
        ),
    )


def wanted(points: Tensor, cameras: Cameras) -> Tensor:
    """Targets (E, 2, 3, H, W) of all pairs."""
    first = Cameras(rotation=cameras.rotation[PAIRS[:, 0]], position=cameras.position[PAIRS[:, 0]])
    return written(first.seen(points[PAIRS]).movedim(-1, 2))


def noisy_pairs(points: Tensor, cameras: Cameras, number: int) -> ViewPairs:
    """Exact maps of all pairs, each with noise of its own; what is not asked weighs nothing."""
    generator = torch.Generator().manual_seed(SEED + number)
    exact = read(wanted(points, cameras))
    asked = ~exact.isnan().any(2)
    maps = normalised(exact.nan_to_num(), asked).movedim(2, -1)
    own = torch.randn(maps.shape, generator=generator)
    common = torch.randn(len(PAIRS), 1, 1, 1, 3, generator=generator) * torch.tensor((0.0, 1.0)).view(2, 1, 1, 1)
    return ViewPairs(views=PAIRS, points=maps + NOISE * (own + common), weights=asked.float())


def of_pairs(outputs: Tensor, pairs: ViewPairs, points: Tensor, cameras: Cameras) -> Figures:
    """What pairs say alone; poses are those that move a view's map in its own camera onto its map in the other's."""
    errors, asked = point_errors(outputs, wanted(points, cameras))
    near = errors[asked] < errors[asked].median()
    places = {tuple(views): place for place, views in enumerate(PAIRS.tolist())}
    turns, directions = [], []
    for one, other in combinations(range(VIEWS), 2):
        here, there = places[one, other], places[other, one]
        maps = pairs.points[here, 0].reshape(-1, 3), pairs.points[there, 1].reshape(-1, 3)
        weights = (pairs.weights[here, 0] * pairs.weights[there, 1]).flatten()
        move = best_similarity(*maps, weights)
        turn, direction = true_move(cameras, one, other)
        turns.append(angle_of_turn(move.rotation, turn))
        directions.append(angle_between(move.shift, direction))
    return {
        "error": float(errors[asked].mean()),
        "rotation": statistics.median(turns),
        "translation": statistics.median(directions),
        "focal": focal_error(focal_length(pairs.points[:, 0], pairs.weights[:, 0])),
        "confidence-auc": float(roc_auc_score(near.numpy(), confidence(outputs)[asked].numpy())),
    }


def of_layout(layout: Layout, pairs: ViewPairs, points: Tensor, cameras: Cameras) -> Figures:
    """How far a layout is from the scene, and from what the pairs tell (its energy, in the world of which the pairs' scales have
    the product 1); points after the best similarity, as a share of their mean distance from camera 1.
    """
    asked = ~points.isnan().any(-1)
    here, there = layout.points()[asked], points[asked]
    apart = best_similarity(here, there, torch.ones(len(here))).moved(here) - there
    size = (there - cameras.position[0]).norm(dim=-1).mean()
    moves = [(true_move(layout.cameras, *pair), true_move(cameras, *pair)) for pair in combinations(range(VIEWS), 2)]
    return {
        "error": float(apart.norm(dim=-1).mean() / size),
        "rotation": statistics.median(angle_of_turn(found[0], true[0]) for found, true in moves),
        "translation": statistics.median(angle_between(found[1], true[1]) for found, true in moves),
        "focal": focal_error(layout.focal),
        "energy": float(energy(layout, pairs)),
    }


def true_move(cameras: Cameras, one: int, other: int) -> tuple[Tensor, Tensor]:
    """The rotation from one camera to another, and where the first stands as the other sees it."""
    rotation, position = cameras.rotation, cameras.position
    return rotation[other] @ rotation[one].T, rotation[other] @ (position[one] - position[other])


def angle_of_turn(found: Tensor, true: Tensor) -> float:
    """Degrees between two rotations."""
    cosine = (torch.trace(found @ true.T) - 1) / 2
    return float(cosine.clamp(-1, 1).arccos().rad2deg())


def angle_between(found: Tensor, true: Tensor) -> float:
    """Degrees between two directions."""
    return float(torch.cosine_similarity(found, true, 0).clamp(-1, 1).arccos().rad2deg())


def focal_error(found: Tensor) -> float:
    """Median share by which focal lengths are off."""
    return float((found / SIZE - 1).abs().median())


def means(found: Iterable[Figures]) -> Figures:
    """Over scenes, and the standard error of the error's mean."""
    rows = list(found)
    mean = {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}
    return {**mean, "error-se": statistics.stdev(row["error"] for row in rows) / len(rows) ** 0.5}


def below(found: list[Figures], others: list[Figures]) -> float:
    """Share of scenes in which an error is smaller than the other's."""
    return statistics.fmean(one["error"] < other["error"] for one, other in zip(found, others, strict=True))


def main() -> None:
    """Train, show the scenes, print a line for each way, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=50)
    parser.add_argument("--width", type=int, default=32, help="channels of every stack (%(default)s)")
    parser.add_argument("--short", action="store_true", help="a tenth of the budget")
    parser.add_argument("--json", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    task = open_task("pointmap")
    assert isinstance(task, TwoViewsTask), "pointmap is one"
    model = trained(task, arguments.width, arguments.short)
    constant = task.constant_output().expand(len(PAIRS), -1, -1, -1, -1)
    found: dict[str, list[Figures]] = {}
    seconds = 0.0
    for number in range(arguments.scenes):
        images, points, cameras = drawn(number)
        with torch.no_grad():
            outputs = model(images[PAIRS[:, 0]], None, Source(images[PAIRS[:, 1]]))
        told = {"": found_pairs(outputs, PAIRS), "noisy ": noisy_pairs(points, cameras, number)}
        rows = {
            "constant": of_pairs(constant, found_pairs(constant, PAIRS), points, cameras),
            "pairs": of_pairs(outputs, told[""], points, cameras),
        }
        for kind, pairs in told.items():
            rows[f"{kind}chained"] = of_layout(chained(pairs), pairs, points, cameras)
            start = time.perf_counter()
            layout = aligned(pairs)
            seconds += time.perf_counter() - start
            rows[f"{kind}aligned"] = of_layout(layout, pairs, points, cameras)
        for way, row in rows.items():
            found.setdefault(way, []).append(row)
    results = {
        "machine": platform.machine(),
        "torch": torch.__version__,
        "scenes": arguments.scenes,
        "width": arguments.width,
        "depth": DEPTH,
        "noise": NOISE,
        "ways": {way: means(rows) for way, rows in found.items()},
        "aligned-below-chained": below(found["aligned"], found["chained"]),
        "noisy-aligned-below-chained": below(found["noisy aligned"], found["noisy chained"]),
        "seconds-an-alignment": round(seconds / arguments.scenes / 2, 2),
    }
    for way, figures in results["ways"].items():
        print(f"{way:14} " + "  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
    print(
        f"aligned below chained in {results['aligned-below-chained']:.0%} of scenes, with noise alone in "
        f"{results['noisy-aligned-below-chained']:.0%}; {results['seconds-an-alignment']} s each"
    )
    arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""How well scores of untrained models rank architectures, beside what training them finds, by real trainings.

    python benchmarks/proxies.py                                     # 16 decoders on python-docs, about 3 minutes on a core
    python benchmarks/proxies.py --space text-encoder --task sentiment --samples 40
    python benchmarks/proxies.py --study mine --storage sqlite:///paretoformer.db    # trains nothing

Kendall's tau and Spearman's correlation of each proxy, and of the seconds that training took, with the validation score of the
task's first metric, larger meaning better. The claim beside which they stand is LTS's (Javaheripour et al. 2022): parameters outside
tables rank decoders at .95 to .999 of Spearman's correlation, and all parameters fall to .26.
"""

import argparse
import json
import random
import time
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console

from paretoformer.cli.views.proxies import proxy_table
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.canonical import derived_seed
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.catalogue import load_space
from paretoformer.studies.proxy_ranks import ProxyRank, Trained, proxy_ranks, study_proxy_ranks
from paretoformer.studies.study import Study


def sampled(space: str, task: Task, samples: int, seed: int) -> list[Architecture]:
    """So many distinct architectures that are valid for the task."""
    found, drawn, rng = load_space(space), {}, random.Random(seed)
    while len(drawn) < samples:
        point = found.sample(rng)
        if not found.explain(point, task.signature):
            architecture = found.decode(point).architecture
            drawn[architecture.digest] = architecture
    return [*drawn.values()]


def trained(architecture: Architecture, task: Task, budget: int, seed: int) -> Trained:
    """The architecture with the score of its training; all share one seed."""
    model = build(architecture, task.signature, seed=derived_seed(seed, "weights"))
    trainer = Trainer(model, task, replace(task.recipe, budget=budget), seed=seed, rungs=1)
    (scores,) = trainer.run()
    score = next(each for each in scores if each.metric == task.metrics[0].name)
    return Trained(
        architecture=architecture,
        result=-score.value if task.metrics[0].minimise else score.value,
        seconds=score.seconds,
    )


def main() -> None:
    """Train or read, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="python-docs")
    parser.add_argument("--space", default="decoder")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--budget", type=int, default=2048, help="training examples of each (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--study", help="read the complete trials of this study, and train nothing")
    parser.add_argument("--storage", default="sqlite:///paretoformer.db")
    parser.add_argument("--json", type=Path, help="where the figures are written, if anywhere")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.study:
        study = Study.load(given.study, given.storage)
        report(study_proxy_ranks(study), {"study": given.study, "objective": str(study.spec.columns[0])}, given.json)
        return
    task, began = open_task(given.task), time.monotonic()
    results = []
    for number, architecture in enumerate(sampled(given.space, task, given.samples, given.seed), 1):
        results.append(trained(architecture, task, given.budget, given.seed))
        print(f"{number} of {given.samples}: {abs(results[-1].result):.4f}, {results[-1].seconds:.1f} s", flush=True)
    about = {name: getattr(given, name) for name in ("task", "space", "samples", "budget", "seed")}
    metric = task.metrics[0].name
    values = sorted(abs(each.result) for each in results)
    about |= {"metric": metric, "least": values[0], "median": values[len(values) // 2], "most": values[-1]}
    ranks = proxy_ranks(results, task, seed=given.seed)
    report(ranks, {**about, "minutes": round((time.monotonic() - began) / 60, 1)}, given.json)


def report(ranks: tuple[ProxyRank, ...], about: dict[str, object], file: Path | None) -> None:
    """The table, and the JSON where one is asked for."""
    console = Console(width=120)
    console.print(", ".join(f"{name} {value}" for name, value in about.items()))
    console.print(proxy_table(ranks))
    if file:
        found = {"about": about, "torch": torch.__version__, "proxies": [rank.to_json() for rank in ranks]}
        file.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

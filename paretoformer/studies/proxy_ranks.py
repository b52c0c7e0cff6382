"""How well proxies rank what a study has trained."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.proxy import probe_batch, proxies
from paretoformer.evaluators.task import Task
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.studies.rank_correlation import kendall, spearman
from paretoformer.studies.study import Study

FEWEST = 3
"""Results that can be ranked at all."""
SECONDS = "training-seconds"
"""The row of what training took, which is known only afterwards."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """An architecture, its result with larger meaning better, and the seconds that its training took."""

    architecture: Architecture
    result: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ProxyRank:
    """Rank correlations of a proxy with `trained` results, nan where either says nothing; `left_out` gave no number.

    `seconds` are what one score takes, None for what is not computed.
    """

    name: str
    title: str
    kendall: float
    spearman: float
    trained: int
    left_out: int
    seconds: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; None for nan."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def study_proxy_ranks(study: Study, *, clock: Callable[[], float] = time.perf_counter) -> tuple[ProxyRank, ...]:
    """Of the complete trials of a study, by its first objective.

    Raises:
        UserError: fewer than three are complete, or its data is gone or changed.
    """
    points = study.points()
    if len(points) < FEWEST:
        raise UserError(
            f"Study {study.name} has {len(points)} complete trials, and ranks are compared from {FEWEST} on."
        )
    trained = [
        Trained(
            architecture=point.architecture,
            result=-point.oriented[0],
            seconds=sum(run.seconds or math.nan for run in study.replicates(study.run_of(point).id)),
        )
        for point in points
    ]
    return proxy_ranks(trained, open_task(study.spec.task), clock=clock)


def proxy_ranks(
    trained: Sequence[Trained], task: Task, *, seed: int = 0, clock: Callable[[], float] = time.perf_counter
) -> tuple[ProxyRank, ...]:
    """Every proxy's rank correlations and those of the seconds, best Kendall tau first."""
    batch, results = probe_batch(task, seed), [each.result for each in trained]
    found = [
        _rank(
            SECONDS, "seconds that training took, known afterwards", [each.seconds for each in trained], results, None
        )
    ]
    for proxy in proxies():
        began = clock()
        scores = [proxy(each.architecture, task, batch, seed=seed) for each in trained]
        found.append(_rank(proxy.name, proxy.title, scores, results, (clock() - began) / len(trained)))
    return tuple(
        sorted(found, key=lambda rank: -math.inf if rank.kendall != rank.kendall else rank.kendall, reverse=True)
    )


def _rank(name: str, title: str, scores: Sequence[float], results: Sequence[float], seconds: float | None) -> ProxyRank:
    pairs = [(score, result) for score, result in zip(scores, results, strict=True) if math.isfinite(score)]
    enough = len(pairs) >= FEWEST
    kept, wanted = ([pair[side] for pair in pairs] for side in (0, 1))
    return ProxyRank(
        name=name,
        title=title,
        kendall=kendall(kept, wanted) if enough else math.nan,
        spearman=spearman(kept, wanted) if enough else math.nan,
        trained=len(pairs),
        left_out=len(results) - len(pairs),
        seconds=seconds,
    )

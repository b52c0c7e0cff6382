import math
from itertools import count

import pytest

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.proxy import proxies
from paretoformer.search_spaces.counts import count as counted
from paretoformer.search_spaces.preset import load_preset
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.proxy_ranks import SECONDS, Trained, proxy_ranks

SPACE = SearchSpace.from_dict(
    {
        "name": "widths",
        "title": "Encoders of several widths",
        "topology": "encoder",
        "stem": "patches",
        "dimensions": {
            "stem.size": [4],
            "encoder.depth": [1],
            "encoder.width": [8, 16, 32, 64],
            "encoder.mixer": ["pooling"],
        },
    }
)


@pytest.fixture(scope="module")
def ranked():
    """What is ranked by results that are the parameters, the last architecture the slowest of all."""
    task, clock = open_task("digits"), count()
    architectures = [SPACE.decode(point).architecture for point in SPACE.enumerate()]
    trained = [
        Trained(architecture=each, result=float(counted(each, task.signature).params), seconds=seconds)
        for each, seconds in zip(architectures, (3.0, 2.0, 1.0, math.nan), strict=True)
    ]
    return {rank.name: rank for rank in proxy_ranks(trained, task, clock=lambda: float(next(clock)))}


def test_every_proxy_and_the_seconds_are_ranked(ranked) -> None:
    assert set(ranked) == {SECONDS, *(proxy.name for proxy in proxies())}


def test_results_that_are_parameters_are_ranked_by_them_without_fault(ranked) -> None:
    assert ranked["params"].kendall == ranked["params"].spearman == 1
    assert ranked["params"].trained == 4


def test_what_is_no_number_is_left_out_and_counted(ranked) -> None:
    seconds = ranked[SECONDS]
    assert (seconds.trained, seconds.left_out, seconds.kendall) == (3, 1, -1)
    assert seconds.seconds is None


def test_the_time_of_a_score_is_its_share(ranked) -> None:
    assert ranked["params"].seconds == 0.25


def test_nan_is_null_in_json() -> None:
    task = open_task("digits")
    same = [Trained(architecture=load_preset("vit-tiny-digits").architecture, result=0.0, seconds=1.0)] * 3
    assert all(rank.to_json()["kendall"] is None for rank in proxy_ranks(same, task))

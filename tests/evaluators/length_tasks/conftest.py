import numpy as np
import pytest

from paretoformer.evaluators.length_tasks.addition import Addition
from paretoformer.evaluators.length_tasks.copying import Repeating, Sequences, backwards, same
from paretoformer.evaluators.length_tasks.instance import Instance
from paretoformer.evaluators.length_tasks.lego import Lego
from paretoformer.evaluators.length_tasks.parity import Parity
from paretoformer.evaluators.length_tasks.pcfg_language import Pcfg
from paretoformer.evaluators.length_tasks.polynomial import Polynomial
from paretoformer.evaluators.length_tasks.problem import Problem
from paretoformer.evaluators.length_tasks.scan_language import Scan
from paretoformer.evaluators.length_tasks.sorting import Sorting
from paretoformer.evaluators.length_tasks.summation import Summation

PROBLEMS: dict[str, Problem] = {
    "rsc": Repeating("rsc", 200),
    "rsc2x": Repeating("rsc2x", 200),
    "rdc": Repeating("rdc", 200),
    "cmc": Sequences("Copy:", 100, (same,)),
    "cmc2x": Sequences("Copy:", 100, (same, same)),
    "mc": Sequences("Reverse:", 100, (backwards,)),
    "mc2x": Sequences("Reverse:", 100, (backwards, backwards)),
    "mcrv": Sequences("Reverse:", 100, (backwards, same)),
    "addition": Addition(),
    "summation": Summation(),
    "sorting single": Sorting("single"),
    "sorting multi": Sorting("multi"),
    "parity": Parity(),
    "polynomial": Polynomial(),
    "lego": Lego(),
    "scan": Scan(),
    "pcfg": Pcfg(),
}
SIZES = (4, 6, 9, 12, 14)


def drawn(name: str) -> list[Instance]:
    """1,000 instances of five sizes."""
    rng = np.random.default_rng(0)
    return [instance for size in SIZES for instance in PROBLEMS[name].draw(rng, size, 200)]


@pytest.fixture(params=PROBLEMS, scope="package")
def problem(request) -> Problem:
    return PROBLEMS[request.param]


@pytest.fixture(params=PROBLEMS, scope="package")
def named_instances(request) -> tuple[str, list[Instance]]:
    return request.param, drawn(request.param)


@pytest.fixture(params=[name for name in PROBLEMS if PROBLEMS[name].stepwise], scope="package")
def stepwise_instances(request) -> tuple[str, list[Instance]]:
    return request.param, drawn(request.param)

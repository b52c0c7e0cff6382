"""docs/tasks.md and docs/tasks-found.md say what their benchmarks kept."""

import json
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from paretoformer.evaluators.registry import task_class, task_names
from paretoformer.search_spaces.catalogue import load_space

ROOT = Path(__file__).parents[1]


@pytest.fixture
def benchmark_of(monkeypatch: pytest.MonkeyPatch):
    """Imports a benchmark with those beside it."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))

    def load(name: str) -> ModuleType:
        return import_module(name)

    return load


@pytest.mark.parametrize(("name", "page"), [("tasks", "tasks.md"), ("families", "tasks-found.md")])
def test_a_page_is_what_its_figures_make(benchmark_of, name: str, page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    module = benchmark_of(name)
    assert module.page(text, json.loads(module.RESULTS.read_text())) == text


def test_every_figure_is_of_a_registered_task(benchmark_of) -> None:
    kept = json.loads(benchmark_of("tasks").RESULTS.read_text())["tasks"]
    assert kept and kept.keys() <= set(task_names())


def test_the_interval_decides_whether_the_constant_answer_is_beaten(benchmark_of) -> None:
    beats = benchmark_of("tasks").beats_constant
    share = {"minimise": False, "constant": 0.5}
    assert beats({**share, "validation": [0.7, 0.6, 0.8]}) and not beats({**share, "validation": [0.7, 0.4, 0.8]})
    error = {"minimise": True, "constant": 0.5}
    assert beats({**error, "validation": [0.3, 0.2, 0.4]}) and not beats({**error, "validation": [0.3, 0.2, 0.6]})


def kept_tasks(benchmark_of) -> dict:
    return json.loads(benchmark_of("tasks").RESULTS.read_text())["tasks"]


WITHOUT_CLASSICAL = {"position-identification"}  # any model without absolute positions is at the constant answer


def test_a_classical_baseline_stands_beside_every_task_that_has_one(benchmark_of) -> None:
    module = benchmark_of("tasks")
    without = {name for name, found in kept_tasks(benchmark_of).items() if module.classical(name, found) is None}
    assert without == WITHOUT_CLASSICAL


@pytest.mark.parametrize("name", task_names())
def test_the_classical_baseline_is_still_the_one_that_the_task_names(benchmark_of, name: str) -> None:
    found = kept_tasks(benchmark_of).get(name, {})
    if "classical" in found or name in WITHOUT_CLASSICAL:
        pytest.skip("not quoted")
    assert benchmark_of("quoted_baselines").quoted(name, task_class(name).about.baseline) is not None


CONSTANT = re.compile(r"([\d.]+)(?: bits/byte)?(?: on validation)? by (?:constant|chance|the mean|byte frequencies)\b")
OF_ANOTHER_METRIC = {"signals"}  # its month's, which is no default


@pytest.mark.parametrize("name", task_names())
def test_a_tasks_sentence_says_the_same_of_the_constant_answer_as_the_benchmark(benchmark_of, name: str) -> None:
    said = CONSTANT.search(task_class(name).about.baseline)
    if said is None or name in OF_ANOTHER_METRIC:
        pytest.skip("it says nothing of it")
    assert float(said[1]) == pytest.approx(kept_tasks(benchmark_of)[name]["constant"], abs=6e-4)


def test_a_task_loses_where_its_classical_baseline_is_better(benchmark_of) -> None:
    loses = benchmark_of("tasks").loses
    share = {"minimise": False, "validation": [0.6, 0.5, 0.7], "baseline": "none"}
    assert loses("digits", {**share, "classical": {"what": "trees", "value": 0.7}})
    assert not loses("digits", {**share, "classical": {"what": "trees", "value": 0.6}})
    assert loses("digits", {**share, "minimise": True, "classical": {"what": "trees", "value": 0.5}})
    assert not loses("digits", share)


def test_a_familys_space_exists(benchmark_of) -> None:
    for family in benchmark_of("families").FAMILIES.values():
        assert load_space(family.space).name == family.space


def test_the_best_of_a_familys_front_beats_the_constant_answer(benchmark_of) -> None:
    tasks, families = kept_tasks(benchmark_of), benchmark_of("families").results()
    compared = 0
    for found in families.values():
        task = tasks[found["task"]]
        scores = [point["values"].get(task["metric"]) for point in found["front"]]
        if None in scores:  # of another metric
            continue
        compared += 1
        if task["minimise"]:
            assert min(score["high"] for score in scores) < task["constant"], found["task"]
        else:
            assert max(score["low"] for score in scores) > task["constant"], found["task"]
    assert compared == len(families) - 1

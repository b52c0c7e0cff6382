"""What is trained by: listed, asked for, and refused where a study has another."""

from collections.abc import Callable

import pytest

from paretoformer.evaluators.criterion import criterion_names
from paretoformer.evaluators.proxy import proxies

from .conftest import Said

Run = Callable[..., Said]


def test_criteria_are_listed_with_papers_and_options(run: Run) -> None:
    listed = {row["name"]: row for row in run("list", "criteria", "--json").json["criteria"]}
    assert set(listed) == set(criterion_names())
    assert listed["mp3"] == {"name": "mp3", "papers": [29], "options": ["eta=0.75"]}


def test_papers_name_their_criteria(run: Run) -> None:
    papers = {row["paper"]: row["here"] for row in run("list", "papers", "--json").json["papers"]}
    assert "criterion layer-wise" in papers[22]


def test_proxies_are_listed(run: Run) -> None:
    listed = run("list", "proxies", "--json").json["proxies"]
    assert [row["name"] for row in listed] == [proxy.name for proxy in proxies()]


def test_proxies_are_ranked_by_what_a_study_trained(run: Run) -> None:
    found = run("studies", "proxies", "small", "--json").json
    assert found["objective"] == "accuracy"
    by_name = {row["name"]: row for row in found["proxies"]}
    assert set(by_name) == {"training-seconds", *(proxy.name for proxy in proxies())}
    taus = [row["kendall"] for row in found["proxies"] if row["kendall"] is not None]
    assert taus == sorted(taus, reverse=True) and all(-1 <= tau <= 1 for tau in taus)
    assert "non-embedding-params" in run("studies", "proxies", "small").out


def test_scores_of_every_rung_are_shown(run: Run) -> None:
    scores = run("show", "small", "1", "--json").json["scores"]
    curve = [(score["rung"], score["examples"]) for score in scores if score["split"] == "validation"]
    assert [rung for rung, _ in curve] == [0, 1, 2] and curve[0][1] < curve[1][1] < curve[2][1]
    lines = [line.split()[:2] for line in run("show", "small", "1").out.splitlines()]
    assert [line[1] for line in lines if line[:1] == ["validation"]] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--criterion", "squared-error"), "criterion squared-error compares numbers"),
        (("--criterion", "fog"), "'fog' is not a criterion; criteria: "),
        (("--criterion", "layer-wise:weights=odd"), "it must be one of equal, linear, last"),
        (("--pretraining", "mp3:eta=1"), "below 1"),
        (("--pretraining", "mp3", "--pretraining-share", "1"), "lies between 0 and 1"),
        (("--pretraining-share", "0.5"), "there is no pre-training"),
        (("--learning-rate", "0.01"), "space vision sets recipe.learning_rate itself"),
        (("--batch", "0"), "must be above 0"),
    ],
)
def test_what_cannot_train_is_refused_before_anything_starts(run: Run, options: tuple[str, ...], said: str) -> None:
    assert said in run("search", "digits", "--study", "new", *options).sentence


def test_a_study_is_not_resumed_by_another_criterion(run: Run) -> None:
    with_other = run(
        *("search", "python-docs", "--trials", "1", "--study", "small", "--criterion", "layer-wise")
    ).sentence
    assert "criterion cross-entropy" in with_other and "criterion layer-wise" in with_other

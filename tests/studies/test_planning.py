"""From what a user asks for to a spec."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paretoformer.evaluators.open_task import open_task
from paretoformer.export.weights import write_weights
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.catalogue import spaces_for
from paretoformer.search_spaces.preset import load_preset
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.planning import Request, plan


def test_what_is_not_said_follows_from_the_task() -> None:
    planned = plan(Request(what="digits"))
    spec = planned.spec
    assert [str(column) for column in spec.columns] == ["accuracy", "latency[cpu:eager:fp32:1:prefill/1/1]"]
    assert spec.recipe == planned.task.recipe
    assert spec.data_hash == planned.task.data_hash
    assert spec.space.name == spaces_for(spec.signature)[0]


def test_what_is_said_stands_in_the_spec(space: SearchSpace) -> None:
    spec = plan(
        Request(
            what="digits",
            space=space,
            objectives="accuracy, -params",
            subject_to=["macs <= 1M"],
            engine="random",
            seed=7,
            budget=640,
            batch=32,
            learning_rate=0.01,
        )
    ).spec
    assert (spec.space, spec.engine, spec.seed) == (space, "random", 7)
    assert [str(bound) for bound in spec.constraints] == ["macs <= 1 M"]
    assert (spec.recipe.budget, spec.recipe.batch, spec.recipe.learning_rate) == (640, 32, 0.01)
    assert spec.provenance == {}


def test_a_criterion_that_a_space_sets_must_be_there(space: SearchSpace) -> None:
    dimensions = {**space.to_json()["dimensions"], "recipe.criterion": ["cross-entropy", "hinge"]}
    wrong = SearchSpace.from_dict({**space.to_json(), "dimensions": dimensions})
    with pytest.raises(UserError, match="'hinge' is not a criterion; criteria: .*cross-entropy"):
        plan(Request(what="digits", space=wrong))


def test_what_the_space_sets_of_the_recipe_is_not_asked_for_beside_it(space: SearchSpace) -> None:
    dimensions = {**space.to_json()["dimensions"], "recipe.criterion": ["cross-entropy", "layer-wise"]}
    chosen = SearchSpace.from_dict({**space.to_json(), "dimensions": dimensions})
    with pytest.raises(UserError, match=r"sets recipe\.criterion itself"):
        plan(Request(what="digits", space=chosen, criterion="layer-wise"))


def test_none_is_no_pretraining(space: SearchSpace) -> None:
    asked = Request(what="digits", space=space, pretraining="layer-wise", pretraining_share=0.25)
    recipe = plan(asked).spec.recipe
    assert (recipe.pretraining, recipe.pretraining_share) == ("layer-wise", 0.25)
    assert plan(replace(asked, pretraining="none", pretraining_share=None)).spec.recipe.pretraining is None


def test_a_teacher_is_written_down_with_the_hash_of_its_weights(tmp_path: Path) -> None:
    preset = load_preset("vit-tiny-digits")
    task = open_task("digits")
    model = build(preset.architecture, task.signature, seed=0)
    parts = {"architecture": preset.architecture.to_json(), "architecture_digest": preset.architecture.digest}
    config = {"version": 1, **parts, "signature": task.signature.to_json()}
    (tmp_path / "config.json").write_text(json.dumps(config))
    write_weights(model, tmp_path / "model.safetensors")
    weights = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    recipe = plan(Request(what="digits", criterion=f"distillation:teacher={tmp_path},alpha=0.5")).spec.recipe
    assert recipe.criterion == f"distillation:teacher={tmp_path},alpha=0.5,sha256={weights}"


def test_a_target_that_is_written_twice_is_one() -> None:
    spec = plan(Request(what="digits", on=("cpu", "cpu:eager:fp32", "cpu:eager:fp32:2"))).spec
    assert [target.threads for target in spec.targets] == [1, 2]


def test_the_same_request_gives_the_same_spec(space: SearchSpace) -> None:
    request = Request(what="digits", space=space)
    assert plan(request).spec.differences(plan(request).spec) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"engine": "tpee"}, "'tpee' is not an engine"),
        ({"seed": -1}, "The seed is -1; it must be a whole number from 0."),
        ({"objectives": ""}, "No objective was given"),
        ({"objectives": "acuracy"}, "'acuracy' is neither a metric of digits nor a cost; it has accuracy, params"),
        ({"objectives": "-accuracy"}, "'-accuracy': accuracy is better when higher; write accuracy."),
        ({"subject_to": ["acuracy >= 0.5"]}, "'acuracy' is neither a metric of digits nor a cost"),
        ({"on": ("cpu:eager:fp32:1:prefill/1/900",)}, "900"),
        ({"space": "decoder"}, "space decoder"),
        ({"budget": 0}, "The budget is 0; it must be above 0."),
        ({"learning_rate": -1.0}, "The learning rate is -1.0; it must be above 0."),
        ({"columns": "text=a,label=b"}, "takes no columns"),
        ({"what": "no/such/file"}, "is neither a task nor an existing path"),
    ],
)
def test_the_first_thing_that_cannot_be_is_said(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as error:
        plan(replace(Request(what="digits"), **changed))
    assert sentence in str(error.value)


@pytest.mark.parametrize("replicates", [0, -1, 1001])
def test_replicates_out_of_range_are_refused(replicates: int) -> None:
    with pytest.raises(UserError, match=rf"^The replicates are {replicates}; a trial is trained once or more"):
        plan(Request(what="digits", replicates=replicates))

"""Values that no training and no choice could take are refused when a space is read."""

from typing import Any

import pytest

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.space import SearchSpace

SPACE = {
    "name": "values",
    "title": "t",
    "topology": "encoder",
    "stem": "patches",
    "dimensions": {"encoder.depth": 1, "encoder.width": 8, "encoder.mixer": "softmax"},
}


@pytest.mark.parametrize(
    ("address", "values", "sentence"),
    [
        ("recipe.batch", [0, 32], "recipe.batch: The batch is 0; it must be above 0."),
        ("recipe.learning_rate", [-1.0], "recipe.learning_rate: The learning rate is -1.0; it must be above 0."),
        ("recipe.precision", ["fp16"], "recipe.precision: Training in 'fp16' is not possible; precisions: fp32, bf16."),
        ("encoder.mixer.heads", [2, 0], "encoder.mixer.heads: mixer softmax has heads 0, and it must be above 0."),
        ("encoder.loops", [1, 0], "encoder.loops: 0 does not fit; it takes whole numbers from 1 to 256."),
        ("layer_scale", [0, -0.5], "layer_scale: -0.5 does not fit; it takes numbers above 0, or 0 for none."),
        ("residual_scale", ["yes"], "residual_scale: yes does not fit; it takes true or false."),
        ("encoder.opening", [1], "encoder.opening: 1 does not fit; it takes true or false."),
    ],
)
def test_a_value_that_cannot_work_is_named(address: str, values: list[Any], sentence: str) -> None:
    wrong = {**SPACE, "dimensions": {**SPACE["dimensions"], address: values}}
    with pytest.raises(UserError) as error:
        SearchSpace.from_dict(wrong)
    assert str(error.value).endswith(sentence)


def test_an_opening_norm_comes_to_stand_in_the_architecture() -> None:
    space = SearchSpace.from_dict({**SPACE, "dimensions": {**SPACE["dimensions"], "encoder.opening": [False, True]}})
    stacks = [space.decode(point).architecture.stacks[0] for point in space.enumerate()]
    assert {stack.opening for stack in stacks} == {False, True}


def test_scales_placements_and_loops_come_to_stand_in_the_architecture() -> None:
    given = {"loops": [3], "placement": ["sandwich"], "layer_scale": [0, 1e-5], "residual_scale": [True]}
    space = SearchSpace.from_dict({**SPACE, "dimensions": {**SPACE["dimensions"], **given}})
    stacks = [space.decode(point).architecture.stacks[0] for point in space.enumerate()]
    branches = [stack.blocks[0][0] for stack in stacks]
    assert [stack.loops for stack in stacks] == [3, 3]
    assert {(b.placement, b.layer_scale, b.residual_scale) for b in branches} == {
        ("sandwich", None, True),
        ("sandwich", 1e-5, True),
    }

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
    ],
)
def test_a_value_that_cannot_work_is_named(address: str, values: list[Any], sentence: str) -> None:
    wrong = {**SPACE, "dimensions": {**SPACE["dimensions"], address: values}}
    with pytest.raises(UserError) as error:
        SearchSpace.from_dict(wrong)
    assert str(error.value).endswith(sentence)

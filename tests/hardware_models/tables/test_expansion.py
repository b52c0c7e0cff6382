import json

import numpy as np
import pandas as pd
import pytest

from paretoformer.hardware_models.tables.choosing import choose_columns
from paretoformer.hardware_models.tables.expansion import Expansion
from paretoformer.hardware_models.tables.features import Features
from paretoformer.hardware_models.tables.levels import hats
from paretoformer.hardware_models.tables.planning import plan_expansion
from paretoformer.records.errors import UserError


def expansion(*, told: str | None = None, **columns: list[str]) -> tuple[Expansion, Features]:
    frame = pd.DataFrame(columns)
    chosen = choose_columns(frame, tuple(columns), ()).columns
    plan = plan_expansion(chosen, told)
    return plan, plan.features(frame)


def column(features: Features, name: str) -> list[float]:
    return features.named([name]).values[:, 0].tolist()


LAYERS = {"width": ["4", "8", "8"], "heads": ["2-1", "4-4-2", "1-1"], "ratio": ["3-2", "1-2-3", "2-2"]}


def test_of_all_columns_one_that_names_each_row_is_left_out_in_few_rows_and_in_many() -> None:
    for rows, said in (
        (20, "it names the rows, a word of its own each."),
        (200, "it has 200 different words in 200 rows; it is neither numbers, lists nor up to 64 categories."),
    ):
        names = [f"model-{row}" for row in range(rows)]
        kinds = [("a", "b")[row % 2] for row in range(rows)]
        found = choose_columns(pd.DataFrame({"name": names, "kind": kinds}), ("all",), ())
        assert [column.name for column in found.columns] == ["kind"]
        assert found.left_out == (f"Left out is column 'name': {said}",)


def test_lists_give_lengths_sums_and_sums_of_products() -> None:
    _, features = expansion(**LAYERS)
    assert column(features, "layers of heads") == [2, 3, 2]
    assert column(features, "sum(heads)") == [3, 10, 2]
    assert column(features, "sum(heads*ratio)") == [8, 18, 4]
    assert column(features, "sum(heads*ratio^2)") == [2 * 9 + 1 * 4, 4 + 16 + 18, 8]
    assert column(features, "sum(heads*next)") == [2, 24, 1]


def test_entries_of_few_values_are_counted() -> None:
    _, features = expansion(**LAYERS)
    assert column(features, "sum(heads=1)") == [1, 0, 2]
    assert column(features, "sum(ratio=2)") == [1, 1, 2]


def test_words_of_layers_are_counted_and_meet_numbers_of_the_same_layer() -> None:
    _, features = expansion(mixer=["soft-pool", "pool-pool-soft", "soft-soft"], heads=["2-1", "4-4-2", "1-1"])
    assert column(features, "sum(mixer=soft)") == [1, 1, 2]
    assert column(features, "sum(heads*mixer=soft)") == [2, 2, 2]


def test_depth_is_the_length_of_lists_without_being_told() -> None:
    plan, features = expansion(**LAYERS)
    assert plan.depth == ("heads",)
    assert features.depth is not None and features.depth.tolist() == [2, 3, 2]


@pytest.mark.parametrize("name", ["n_layer", "num_layers", "decoder_layer_num", "depth", "n_blocks", "Layers"])
def test_depth_is_found_by_a_columns_name(name: str) -> None:
    plan, _ = expansion(width=["4", "8", "8"], **{name: ["1", "2", "3"]})
    assert plan.depth == (name,)


def test_a_column_that_only_sounds_like_depth_is_not_taken_for_it() -> None:
    plan, _ = expansion(width=["4", "8", "8"], layer_norm=["0", "1", "1"], depth_multiplier=["1", "2", "3"])
    assert plan.depth == ()


def test_a_pyramids_depth_is_the_sum_of_its_depths() -> None:
    _, features = expansion(depths=["2-2-6", "1-1-2", "3-3-3"], widths=["8-16-32", "8-8-8", "4-8-16"])
    assert features.depth is not None and features.depth.tolist() == [10, 4, 9]


def test_a_column_that_is_told_counts_as_depth() -> None:
    plan, features = expansion(told="width", **LAYERS)
    assert plan.depth == ("width",)
    assert features.depth is not None and features.depth.tolist() == [4, 8, 8]


def test_padded_lists_are_cut_at_the_depth() -> None:
    _, features = expansion(n_layer=["1", "3", "2"], heads=["2-8-8", "2-2-2", "4-4-8"])
    assert column(features, "sum(heads)") == [2, 6, 8]


def test_columns_that_are_alike_are_counted_together() -> None:
    ops = {f"op{place}": cells for place, cells in enumerate((["a", "b", "a"], ["b", "a", "a"], ["a", "a", "b"]))}
    _, features = expansion(**ops)
    assert column(features, "a in op0,..,op2") == [2, 2, 2]


def test_a_number_between_two_levels_is_shared_by_them() -> None:
    levels = np.column_stack(hats(np.array([2.0, 3.0, 9.0]), [2.0, 4.0]))
    np.testing.assert_allclose(levels, [[1, 0], [0.5, 0.5], [0, 1]])


def test_another_table_is_read_the_same_way() -> None:
    plan, _ = expansion(**LAYERS)
    read = Expansion.from_json(json.loads(json.dumps(plan.to_json())))
    one = pd.DataFrame({"width": [16], "heads": ["3"], "ratio": ["5"], "else": ["?"]})
    features = read.features(one)
    assert features.names == plan.features(pd.DataFrame(LAYERS)).names
    assert column(features, "sum(heads*ratio)") == [15]


def test_rows_deeper_than_those_of_the_fit_are_counted_whole() -> None:
    plan, _ = expansion(**LAYERS)
    deep = plan.features(pd.DataFrame({"width": ["8"], "heads": ["1-1-1-1-2"], "ratio": ["2-2-2-2-3"]}))
    assert column(deep, "sum(heads*ratio)") == [14]
    assert deep.names == plan.features(pd.DataFrame(LAYERS)).names


def test_words_cannot_count_layers() -> None:
    with pytest.raises(UserError, match="Column 'op' holds words, and depth is counted by numbers"):
        expansion(told="op", op=["conv", "pool", "conv"])


def test_lists_of_one_row_that_differ_in_length_are_refused() -> None:
    heads, ratio = ["1-2"] * 19 + ["1-2-3"], ["2-2"] * 18 + ["1-2", "1-2"]
    with pytest.raises(UserError) as caught:
        expansion(heads=heads, ratio=ratio)
    assert str(caught.value) == (
        "Row 20 has 3 entries in column 'heads' and 2 in 'ratio', where the two have as many in other rows."
    )


def test_lists_of_two_stacks_may_differ_in_length() -> None:
    plan, _ = expansion(encoder=["1-2", "2-2-1", "1-1"], decoder=["1", "2-1", "1-1-3"])
    assert [layers.names for layers in plan.layers] == [("encoder",), ("decoder",)]


def test_a_word_that_the_fit_never_saw_is_refused() -> None:
    plan, _ = expansion(op=["conv", "pool", "conv"])
    with pytest.raises(
        UserError, match="Row 1 of column 'op' has 'gru', which no row of the fit had; it had conv, pool"
    ):
        plan.features(pd.DataFrame({"op": ["gru"]}))


def test_a_missing_column_is_named() -> None:
    plan, _ = expansion(**LAYERS)
    with pytest.raises(UserError, match="The table has no column 'ratio'; it has width, heads"):
        plan.features(pd.DataFrame({"width": ["1"], "heads": ["1"]}))


def test_all_leaves_out_what_tells_nothing_and_says_so() -> None:
    frame = pd.DataFrame(
        {"id": ["0", "1", "2"], "same": ["x"] * 3, "gap": ["1", "", "2"], "width": ["1", "4", "2"], "ms": ["3"] * 3}
    )
    found = choose_columns(frame, ("all",), ("ms",))
    assert [each.name for each in found.columns] == ["width"]
    assert found.left_out == (
        "Left out is column 'id': it numbers the rows.",
        "Left out is column 'same': it is x in all 3 rows, which tells nothing.",
        "Left out is column 'gap': row 2 of column 'gap' is empty; fill it or leave the row out.",
    )


def test_a_column_with_one_word_among_its_numbers_is_left_out_and_its_row_named() -> None:
    frame = pd.DataFrame({"wide": [*map(str, range(5, 54, 2)), "broad"], "deep": [str(n % 4) for n in range(26)]})
    found = choose_columns(frame, ("all",), ())
    assert [each.name for each in found.columns] == ["deep"]
    (said,) = found.left_out
    assert said == "Left out is column 'wide': row 26 of column 'wide' is 'broad' where a number is expected."

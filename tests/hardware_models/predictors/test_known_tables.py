"""Tables measured by others, where the environment names their folder."""

import os
from pathlib import Path

import pytest

from paretoformer.hardware_models.predictors.table_fit import TableRequest, score_table
from paretoformer.hardware_models.tables.reading import read_table

FOLDER = os.environ.get("PARETOFORMER_TABLES", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="PARETOFORMER_TABLES names no folder of tables"),
]
ROWS = 2_000
HWGPT = TableRequest(features=("embed", "n_layer", "heads", "mlp", "bias"))


@pytest.mark.parametrize(
    ("column", "mape", "tau"),
    [("lat_ms_a100", 0.0029, 0.981), ("lat_ms_h100", 0.0029, 0.981)],
)
def test_a_fifth_of_the_rows_suffices_for_the_anchors_of_boosted_trees(column: str, mape: float, tau: float) -> None:
    frame = read_table(Path(FOLDER) / "hwgpt_s.csv.gz").iloc[: 2 * ROWS : 2]
    (found,) = score_table(frame, [column], HWGPT)
    assert found.unbeaten == ()
    assert found.chosen.mape <= mape
    assert found.chosen.tau is not None and found.chosen.tau >= tau
    assert found.chosen.coverage is not None and 0.86 <= found.chosen.coverage <= 0.94


def test_counts_of_a_whole_space_are_found_exactly() -> None:
    frame = read_table(Path(FOLDER) / "nasbench_macro.csv").iloc[:ROWS]
    (found,) = score_table(frame, ["mflops"], TableRequest(features=tuple(f"b{place}" for place in range(8))))
    assert found.chosen.mape < 1e-4

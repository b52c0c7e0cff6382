import numpy as np
import pytest

from paretoformer.hardware_models.tables.cells import as_number, as_numbers, as_words
from paretoformer.hardware_models.tables.columns import ColumnKind, read_column
from paretoformer.records.errors import UserError


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("8-4-8", (8, 4, 8)),
        ("[8, 4, 8]", (8, 4, 8)),
        ("8;4;8", (8, 4, 8)),
        ("3x3", (3, 3)),
        ("0.5,-1", (0.5, -1)),
        ("12", (12,)),
        (np.array([1, 2]), (1, 2)),
        ((), ()),
    ],
)
def test_lists_are_read_however_they_are_written(cell: object, found: tuple[float, ...]) -> None:
    assert as_numbers(cell) == found


@pytest.mark.parametrize("cell", ["8-a-8", "fast", ""])
def test_what_is_no_list_of_numbers_is_none(cell: str) -> None:
    assert as_numbers(cell) is None


@pytest.mark.parametrize(("cell", "found"), [("1e-3", 1e-3), ("-2", -2.0), ("8_4", None), ("8-4", None), (True, 1.0)])
def test_numbers_are_told_from_lists(cell: object, found: float | None) -> None:
    assert as_number(cell) == found


def test_words_are_split_at_what_stands_between_them() -> None:
    assert as_words("|conv~0|+|pool~0|") == ("conv~0", "pool~0")
    assert as_words("softmax-linear") == ("softmax", "linear")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (["1", "2.5", "3"], ColumnKind.NUMBERS),
        (["1-2", "2", "3-1-1"], ColumnKind.LISTS),
        (["a-b", "b-a", "a-a", "b-b-a"], ColumnKind.WORD_LISTS),
        (["max-pool", "avg-pool", "max-pool"], ColumnKind.CATEGORIES),
        ([("a",), ("b",)], ColumnKind.WORD_LISTS),
        ([(1, 2), ()], ColumnKind.LISTS),
    ],
)
def test_a_column_is_what_its_cells_are(raw: list[object], kind: ColumnKind) -> None:
    assert read_column("x", raw).kind is kind


@pytest.mark.parametrize("raw", [["2024-05-14", "2024-11-30"], ["2024-05-14 10:30", "2024-06-01T08:00:00"]])
def test_dates_are_no_lists_of_numbers(raw: list[str]) -> None:
    with pytest.raises(UserError, match=r"Column 'x' holds dates, which say nothing of an architecture\."):
        read_column("x", raw)


def test_lists_that_could_be_dates_are_lists() -> None:
    assert read_column("x", ["2048-12-16", "1024-10-12"]).kind is ColumnKind.LISTS


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (["1"] * 19 + ["wide"], "Row 20 of column 'x' is 'wide' where a number is expected."),
        (["1-2"] * 19 + ["1-?"], "Row 20 of column 'x' is '1-?' where a list of numbers is expected."),
        (["1", "", "2"], "Row 2 of column 'x' is empty; fill it or leave the row out."),
        (["1", "nan", "2"], "Row 2 of column 'x' is 'nan', which is no value; fill it or leave the row out."),
        (["1", float("nan"), "2"], "Row 2 of column 'x' is empty; fill it or leave the row out."),
        (
            [f"net{number}" for number in range(99)],
            "Column 'x' has 99 different words in 99 rows; it is neither numbers, lists nor up to 64 categories.",
        ),
    ],
)
def test_cells_that_do_not_belong_are_named(raw: list[object], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        read_column("x", raw)
    assert str(caught.value) == sentence

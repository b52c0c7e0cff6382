"""Units that people write and tables show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.errors import UserError
from paretoformer.records.units import SCALES, Quantity, parse_quantity, show


@pytest.mark.parametrize("unit", SCALES)
@pytest.mark.parametrize("space", ["", " "])
def test_every_unit_is_read_into_its_base(unit, space) -> None:
    base, factor = SCALES[unit]
    assert parse_quantity(f"2.5{space}{unit}") == Quantity(2.5 * factor, base)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("5ms", 0.005, "s"),
        ("5 ms", 0.005, "s"),
        ("2e6", 2e6, ""),
        ("2E6", 2e6, ""),
        ("95%", 0.95, ""),
        ("1.5 MiB", 1_572_864, "B"),
        (".5s", 0.5, "s"),
        ("2.", 2, ""),
        (" 3 h ", 10_800, "s"),
        ("1e-3J", 1e-3, "J"),
    ],
)
def test_what_people_write_is_read(text, value, unit) -> None:
    quantity = parse_quantity(text)
    assert (quantity.value, quantity.unit) == (pytest.approx(value, rel=1e-12), unit)


@pytest.mark.parametrize("text", ["", "ms", "five ms", "1,5 ms", "-3 ms", "1e ms", "5 ms 3", "nan", "inf", "0x10", "²"])
def test_what_is_no_number_is_refused_with_examples(text) -> None:
    with pytest.raises(UserError, match="is not a number with an optional unit, such as 5ms"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["1e999", "1e308 G", "9" * 400])
def test_what_overflows_is_no_number(text) -> None:
    with pytest.raises(UserError, match=f"'{text}' is too large to be a number"):
        parse_quantity(text)


def test_an_unknown_unit_is_refused_with_all_units() -> None:
    with pytest.raises(UserError, match="'parsec' in '3 parsec' is not a unit; units: s, ms, us") as caught:
        parse_quantity("3 parsec")
    assert all(unit in str(caught.value) for unit in SCALES)


def test_units_are_told_apart_by_case() -> None:
    assert parse_quantity("1 mJ").value == 1e-3
    with pytest.raises(UserError, match="not a unit"):
        parse_quantity("1 MJ")


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.00123, "s", "1.23 ms"),
        (1.0, "s", "1 s"),
        (90, "s", "90 s"),
        (5e-10, "s", "0.5 ns"),
        (0, "s", "0 s"),
        (2_500, "B", "2.5 kB"),
        (5, "B", "5 B"),
        (3.2e-3, "J", "3.2 mJ"),
        (12_345_678, "", "12.3 M"),
        (999, "", "999"),
        (0.95, "", "0.95"),
        (0.93, "fraction", "0.930"),
        (1.2345, "bits", "1.234 bits"),
        (-0.005, "s", "-5 ms"),
        (1_234e9, "B", "1234 GB"),
    ],
)
def test_a_value_is_shown_in_the_largest_unit_that_fits(value, unit, shown) -> None:
    assert show(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0.9999, "s", "1 s"), (999.9e3, "B", "1 MB"), (999_999, "", "1 M"), (999.6, "B", "1 kB")],
)
def test_rounding_moves_up_to_the_next_unit(value, unit, shown) -> None:
    assert show(value, unit) == shown


@given(value=st.floats(1e-9, 1e12), unit=st.sampled_from(["s", "J", "B", ""]))
def test_what_is_shown_is_read_back_to_three_digits(value, unit) -> None:
    shown = parse_quantity(show(value, unit))
    assert shown.unit == unit
    assert shown.value == pytest.approx(value, rel=6e-3)

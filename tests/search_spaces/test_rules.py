import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.records.errors import UserError
from paretoformer.search_spaces.expressions import explanation
from paretoformer.search_spaces.rules import LONGEST, parse_rule

VALUES = {"e.width": 48, "e.heads": 5, "e.mixer": "softmax", "stem.tied": True, "params": 2_345_678, "zero": 0}


def why(text: str) -> str | None:
    return explanation(parse_rule(text, "test").condition, VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "e.width % 4 == 0",
        "1 < e.heads <= 5 < 6",
        "e.mixer == 'softmax' and e.mixer != \"linear\"",
        "e.heads > 9 or e.width // e.heads == 9",
        "not e.width / 5 == 9",
        "-(e.width - 50) == 2",
        "-e.heads == 0 - 5",
        "stem.tied",
        "stem.tied == true and stem.tied != False",
        "params <= 2.4M",
        "params <= 2.4 MB and params >= 2.2MiB",
        "e.mixer != '4MB'",
    ],
)
def test_a_rule_that_holds_has_nothing_to_explain(text: str) -> None:
    assert why(text) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("e.width % e.heads == 0", "48 % 5 is 3"),
        ("(e.width + 2) * e.heads < 10", "(48 + 2) * 5 is 250"),
        ("params <= 2e6", "params is 2,345,678"),
        ("e.heads == e.width", "e.heads is 5 and e.width is 48"),
        ("1 < e.heads < 5", "e.heads is 5"),
        ("e.width > 1 and e.heads > 5", "e.heads is 5"),
        ("e.width > 99 or e.heads > 5", "e.width is 48 and e.heads is 5"),
        ("not e.mixer == 'softmax'", "e.mixer is softmax"),
        ("not stem.tied", "stem.tied is true"),
        ("1 == 2", "it compares constants"),
    ],
)
def test_a_broken_rule_is_explained_with_its_values(text: str, sentence: str) -> None:
    assert why(text) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("e.width % zero == 0", "48 % 0 divides by zero"),
        ("e.width // zero == 0", "48 // 0 divides by zero"),
        ("e.mixer * 9999999999 == 0", "softmax * 9,999,999,999 is not a calculation with numbers"),
        ("e.mixer < 3", "softmax < 3 compares text with a number"),
        (f"{'9' * 400} / 2 == 1", f"{int('9' * 400):,} / 2 is too large a number"),
    ],
)
def test_what_cannot_be_computed_is_a_broken_rule(text: str, sentence: str) -> None:
    assert why(text) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "e.width +",
        "e.width + 1",
        "len(e.width) == 1",
        "__import__('os').system('true') == 0",
        "e.width ** 2 < 9",
        "e.width is 3",
        "e.mixer in ('softmax', 'linear')",
        "[1][0] == 1",
        "(lambda: 1)() == 1",
        "e.width == None",
        "e.width == 1j",
        "x := 3",
        "f'{e.width}' == '48'",
        "e.width if e.heads else 3",
        "().x == 1",
        "e.width == 3 qB",
        "e.width < " + "(" * 240 + "1" + ")" * 240,
        "\x00 == 1",
    ],
)
def test_anything_outside_the_language_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UserError, match="is not a rule; .*a rule compares"):
        parse_rule(text, "here")


def test_a_rule_has_a_longest_text() -> None:
    with pytest.raises(UserError, match=f"at most {LONGEST} characters"):
        parse_rule("e.width == 1 or " * 40 + "e.width == 2", "here")


def test_names_are_listed_once_in_order() -> None:
    assert parse_rule("b.x < a.y and not b.x == 3 - params", "here").names == ("b.x", "a.y", "params")


@settings(deadline=None, max_examples=60)
@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from(["+", "-", "*", "//", "%"]))
def test_arithmetic_is_pythons(left: int, right: int, sign: str) -> None:
    rule = parse_rule(f"a {sign} b == result", "here")
    python = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "//": int.__floordiv__, "%": int.__mod__}[sign]
    if sign in ("//", "%") and right == 0:
        assert explanation(rule.condition, {"a": left, "b": right, "result": 0}) is not None
    else:
        assert explanation(rule.condition, {"a": left, "b": right, "result": python(left, right)}) is None


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab.()'\"+-*/%<>=! 0123eEMBandornot[]{}:,\n\\#", max_size=30))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        parse_rule(text, "here")
    except UserError as error:
        assert str(error).startswith("here: ")

"""Names with options: what users write becomes a dataclass, and comes back as the same text."""

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.errors import UserError
from paretoformer.records.options import read_options, split_name, write_name


@dataclass(frozen=True, kw_only=True)
class Options:
    longest: int = 20
    rate: float = 0.5
    tied: bool = False
    word: str = "a"
    variant: Literal["plain", "reverse"] = "plain"
    bits: Literal[8, 16] = 8

    def __post_init__(self) -> None:
        if self.longest < 1:
            raise UserError(f"The longest is {self.longest}; it must be at least 1.")


def read(text: str) -> Options:
    return read_options(Options, "task copy", split_name(text)[1])


OPTIONS = st.builds(
    Options,
    longest=st.integers(1, 10**9),
    rate=st.floats(allow_nan=False),
    tied=st.booleans(),
    word=st.from_regex(r"[a-z0-9_-]+", fullmatch=True),
    variant=st.sampled_from(["plain", "reverse"]),
    bits=st.sampled_from([8, 16]),
)


@given(OPTIONS)
def test_options_come_back_from_their_name(options: Options) -> None:
    assert read(write_name("copy", options)) == options


def test_options_at_their_default_are_not_written() -> None:
    assert write_name("copy", Options()) == "copy"
    assert write_name("copy", Options(tied=True, longest=9)) == "copy:longest=9,tied=true"


def test_each_value_has_the_type_of_its_field() -> None:
    found = read("copy:longest=7,rate=1e-3,tied=True,word=7,variant=reverse,bits=16")
    assert found == Options(longest=7, rate=0.001, tied=True, word="7", variant="reverse", bits=16)
    assert [type(value) for value in vars(found).values()] == [int, float, bool, str, str, int]


def test_spaces_around_names_and_values_are_nothing() -> None:
    assert read("copy: longest = 7 , variant=reverse") == Options(longest=7, variant="reverse")


def test_a_name_alone_has_no_options() -> None:
    assert split_name("copy") == ("copy", {})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("copy:", "'' in 'copy:' is not an option; write copy:OPTION=VALUE,OPTION=VALUE."),
        ("copy:longest", "'longest' in 'copy:longest' is not an option; write copy:OPTION=VALUE,OPTION=VALUE."),
        ("copy:longest=", "'longest=' in 'copy:longest=' is not an option; write copy:OPTION=VALUE,OPTION=VALUE."),
        ("copy:=3", "'=3' in 'copy:=3' is not an option; write copy:OPTION=VALUE,OPTION=VALUE."),
        ("copy:longest=1,longest=2", "'copy:longest=1,longest=2' has the option 'longest' twice; write it once."),
        (
            "copy:length=3",
            "'length' is not an option of task copy; its options: longest, rate, tied, word, variant, bits.",
        ),
        ("copy:longest=x", "The option 'longest' of task copy is 'x'; it must be a whole number."),
        ("copy:longest=1.5", "The option 'longest' of task copy is '1.5'; it must be a whole number."),
        ("copy:rate=x", "The option 'rate' of task copy is 'x'; it must be a number."),
        ("copy:tied=1", "The option 'tied' of task copy is '1'; it must be true or false."),
        ("copy:variant=back", "The option 'variant' of task copy is 'back'; it must be one of plain, reverse."),
        ("copy:bits=9", "The option 'bits' of task copy is '9'; it must be one of 8, 16."),
        ("copy:longest=0", "The longest is 0; it must be at least 1."),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        read(text)
    assert str(caught.value) == sentence


def test_what_has_no_options_says_so() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Nothing:
        pass

    with pytest.raises(UserError, match="'longest' is not an option of criterion plain; it has none."):
        read_options(Nothing, "criterion plain", {"longest": "3"})

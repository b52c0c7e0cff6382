from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.byte_text import BEGIN, END, PADDING, byte_source, text_of, written_after
from paretoformer.evaluators.examples import IGNORED

TEXTS = ["sí", "", "abc"]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20))
def test_a_text_comes_back_from_its_bytes(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert text_of([BEGIN, *text.encode(), END, PADDING, -1]) == text


def test_each_byte_is_asked_after_the_one_before_it_and_then_the_end() -> None:
    examples = written_after(byte_source(TEXTS), TEXTS)
    assert examples.inputs.tolist()[0] == [BEGIN, *"sí".encode()]
    assert examples.targets.tolist() == [
        [*"sí".encode(), END],
        [END, IGNORED, IGNORED, IGNORED],
        [*b"abc", END],
    ]
    assert examples.lengths is not None and examples.lengths.tolist() == [4, 1, 4]


def test_sources_are_padded_on_the_right() -> None:
    source = byte_source(TEXTS)
    assert source.inputs.tolist()[1] == [PADDING] * 3
    assert source.lengths is not None and source.lengths.tolist() == [3, 0, 3]

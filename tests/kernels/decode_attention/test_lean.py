"""The Triton kernels of decode attention are its definition: on a GPU, or in Triton's interpreter."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("triton")

from paretoformer.kernels.decode_attention import decode_attention_reference
from paretoformer.kernels.decode_attention.lean import lean_decode, lean_decode_spans
from paretoformer.kernels.decode_attention.shape import DecodeShape
from paretoformer.kernels.decode_attention.split import split_decode, splits_for

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
WAYS = {
    "one launch": lambda *x: lean_decode_spans(*x, 5, True),
    "two launches": lambda *x: lean_decode_spans(*x, 5, False),
    "more programs than tiles": lambda *x: lean_decode_spans(*x, 33, True),
    "as the device likes": lean_decode,
    "fixed split": split_decode,
    "three splits": lambda *x: split_decode(*x, 3),
}


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch) -> None:
    """Several tiles of few keys, since the interpreter is slow."""
    monkeypatch.setattr(DecodeShape, "tile", 16)


def operands(batch: int, heads: int, kv: int, keys: int, width: int, dtype=torch.float32, size: float = 1.0):
    """q (B, H, d), k and v (B, Hkv, S, d)."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((batch, heads, width), (batch, kv, keys, width), (batch, kv, keys, width))
    q, k, v = (torch.randn(*shape, generator=generator).to(DEVICE, dtype) for shape in shapes)
    return size * q, k, v


def assert_is_attention(out, q, k, v, lengths, tolerance: float = 1e-5) -> None:
    exact = decode_attention_reference(q.double(), k.double(), v.double(), lengths)
    assert out.shape == q.shape and out.dtype == q.dtype
    assert (out.double() - exact).norm() <= tolerance * exact.norm()


@pytest.mark.parametrize("way", WAYS)
def test_ragged_requests_of_grouped_heads_are_the_definition(way) -> None:
    q, k, v = operands(5, 4, 2, 70, 16)
    lengths = torch.tensor([70, 1, 0, 33, 16], device=DEVICE)
    assert_is_attention(WAYS[way](q, k, v, lengths), q, k, v, lengths)


@pytest.mark.parametrize("way", WAYS)
def test_equal_requests_are_the_definition(way) -> None:
    q, k, v = operands(2, 2, 2, 100, 16)
    assert_is_attention(WAYS[way](q, k, v, None), q, k, v, None)


@settings(deadline=None, max_examples=8)
@given(
    lengths=st.lists(st.integers(0, 50), min_size=1, max_size=3),
    kv=st.integers(1, 2),
    group=st.integers(1, 3),
    width=st.integers(1, 40),
    programs=st.integers(1, 12),
    one_launch=st.booleans(),
)
def test_any_ragged_shape_is_the_definition(lengths, kv, group, width, programs, one_launch) -> None:
    q, k, v = operands(len(lengths), kv * group, kv, 50, width)
    given = torch.tensor(lengths, device=DEVICE)
    assert_is_attention(lean_decode_spans(q, k, v, given, programs, one_launch), q, k, v, given)


def test_half_precision_keeps_its_sums_in_fp32() -> None:
    q, k, v = operands(2, 4, 2, 60, 32, torch.float16)
    assert_is_attention(lean_decode(q, k, v, None), q, k, v, None, 1e-3)


def test_scores_of_ten_thousands_do_not_overflow() -> None:
    q, k, v = operands(1, 2, 1, 40, 16, size=1e4)
    assert_is_attention(lean_decode(q, k, v, None), q, k, v, None)


def test_a_cache_is_read_where_it_lies() -> None:
    q, k, v = operands(2, 2, 2, 60, 16)
    longer = [torch.cat((x, torch.full_like(x, torch.nan)), 2)[:, :, :60] for x in (k, v)]
    turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (k, v)]
    assert_is_attention(lean_decode(q, *longer, None), q, k, v, None)
    assert_is_attention(lean_decode(q, *turned, None), q, k, v, None)


def test_padding_is_not_touched() -> None:
    q, k, v = operands(2, 2, 1, 40, 16)
    lengths = torch.tensor([40, 21], device=DEVICE)
    out = lean_decode(q, k, v, lengths)
    k[1, :, 21:], v[1, :, 21:] = torch.nan, torch.nan
    assert torch.equal(lean_decode(q, k, v, lengths), out)


@pytest.mark.parametrize("way", ["one launch", "two launches", "fixed split"])
def test_a_length_that_cannot_be_gives_what_is_no_number(way) -> None:
    q, k, v = operands(3, 2, 1, 40, 16)
    out = WAYS[way](q, k, v, torch.tensor([41, 40, -1], device=DEVICE))
    assert out[[0, 2]].isnan().all() and out[1].isfinite().all()


@pytest.mark.parametrize("programs", [2, 9])
@pytest.mark.parametrize("one_launch", [False, True])
def test_repeats_give_the_same_bits(programs, one_launch) -> None:
    q, k, v = operands(2, 4, 2, 90, 16)
    lengths = torch.tensor([90, 50], device=DEVICE)
    one, two = (lean_decode_spans(q, k, v, lengths, programs, one_launch) for _ in range(2))
    assert torch.equal(one, two)


def test_it_is_an_operator_of_torch() -> None:
    q, k, v = operands(2, 2, 1, 20, 16)
    for lengths in (None, torch.tensor([20, 3], device=DEVICE)):
        torch.library.opcheck(lean_decode_spans, (q, k, v, lengths, 3, True))


@pytest.mark.parametrize(
    ("rows", "tiles", "processors", "splits"), [(128, 64, 108, 1), (32, 256, 108, 3), (1, 4, 132, 4), (200, 9, 132, 1)]
)
def test_fixed_splits_follow_the_rule_of_flash_attn(rows, tiles, processors, splits) -> None:
    assert splits_for(rows, tiles, processors) == splits

"""Attention over ranks, here threads, is that of the whole sequence, and sends what was counted."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from paretoformer.kernels.distributed_attention import Algorithm, Order, Shards, Sizes, attend_shards, volume
from paretoformer.kernels.softmax_attention import softmax_attention_reference
from paretoformer.records.errors import UserError


def operands(batch: int, heads: int, kv: int, length: int, width: int, dtype=torch.float64) -> list[Tensor]:
    """q, k, v and the gradient of out of the whole sequence."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(batch, each, length, width) for each in (heads, kv, kv, heads)]
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


def exact(whole: list[Tensor], causal: bool) -> list[Tensor]:
    """Output and gradients of the definition."""
    given = [x.clone().requires_grad_() for x in whole[:3]]
    out = softmax_attention_reference(*given, causal=causal)
    return [out.detach(), *torch.autograd.grad(out, given, whole[3])]


def on_one_rank(whole: list[Tensor], exchange, shards: Shards, **asked) -> tuple[list[Tensor], int, int]:
    """A rank's rows of output and gradients, bytes sent on the way there and on the way back."""
    *given, dout = (shards.take(x, exchange.rank, 2) for x in whole)
    given = [x.requires_grad_() for x in given]
    out = attend_shards(*given, exchange, order=shards.order, **asked)
    forward = exchange.sent
    back = torch.autograd.grad(out, given, dout)
    return [out.detach(), *back], forward, exchange.sent - forward


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ranks=st.sampled_from([1, 2, 3, 4, 8]),
    order=st.sampled_from(Order),
    algorithm=st.sampled_from(Algorithm),
    causal=st.booleans(),
    batch=st.integers(1, 2),
    kv=st.integers(1, 3),
    group=st.integers(1, 3),
    chunk=st.integers(1, 5),
    width=st.integers(1, 9),
    single=st.booleans(),
)
def test_outputs_gradients_and_bytes_are_those_of_the_whole(
    on_ranks, ranks, order, algorithm, causal, batch, kv, group, chunk, width, single
) -> None:
    shards, kv = Shards(ranks=ranks, order=order), kv * (ranks if algorithm is Algorithm.HEADS else 1)
    dtype, there, back = (torch.float32, 1e-5, 1e-4) if single else (torch.float64, 1e-12, 1e-10)
    length = ranks * shards.each * chunk
    whole = operands(batch, kv * group, kv, length, width, dtype)
    found = on_ranks(ranks, lambda x: on_one_rank(whole, x, shards, causal=causal, algorithm=algorithm))
    for i, expected in enumerate(exact(whole, causal)):
        tolerance = back if i else there
        joined = shards.joined([rank[0][i] for rank in found], 2)
        torch.testing.assert_close(joined, expected, rtol=tolerance, atol=tolerance)
    sizes = {"ranks": ranks, "length": length, "heads": kv * group, "kv_heads": kv, "width": width, "batch": batch}
    counted = volume(algorithm, Sizes(**sizes, itemsize=dtype.itemsize))
    assert {(rank[1], rank[2]) for rank in found} == {(counted.forward, counted.backward)}


def test_gradients_of_narrow_numbers_travel_in_fp32(on_ranks) -> None:
    whole, shards = operands(1, 4, 2, 48, 8, torch.bfloat16), Shards(ranks=4)
    found = on_ranks(4, lambda x: on_one_rank(whole, x, shards, causal=True))
    for i, expected in enumerate(exact([x.double() for x in whole], True)):
        joined = shards.joined([rank[0][i] for rank in found], 2)
        assert joined.dtype == torch.bfloat16 and (joined - expected).norm() <= 2e-2 * expected.norm()
    counted = volume(Algorithm.RING, Sizes(ranks=4, length=48, heads=4, kv_heads=2, width=8, itemsize=2))
    assert found[0][1:] == (counted.forward, counted.backward)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_gradients_are_those_of_finite_differences(algorithm, on_ranks) -> None:
    q, k, v, _ = operands(1, 2, 1, 3, 2)
    given = [x.requires_grad_() for x in (q, k, v)]
    checked = on_ranks(
        1,
        lambda x: torch.autograd.gradcheck(lambda *y: attend_shards(*y, x, causal=True, algorithm=algorithm), given),
    )
    assert checked == [True]


def test_tensors_that_are_not_contiguous_give_the_same(on_ranks) -> None:
    whole, shards = operands(2, 4, 2, 12, 4), Shards(ranks=2)

    def turned(exchange) -> Tensor:
        parts = (shards.take(x, exchange.rank, 2).transpose(1, 2).contiguous().transpose(1, 2) for x in whole[:3])
        return attend_shards(*parts, exchange, causal=True)

    torch.testing.assert_close(shards.joined(on_ranks(2, turned), 2), exact(whole, True)[0])


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize(("batch", "length"), [(2, 0), (0, 8)])
def test_sequences_without_tokens_have_no_rows_and_no_gradients(algorithm, batch, length, on_ranks) -> None:
    whole, shards = operands(batch, 4, 2, length, 4), Shards(ranks=2, order=Order.ZIGZAG)
    for found, _, _ in on_ranks(2, lambda x: on_one_rank(whole, x, shards, causal=True, algorithm=algorithm)):
        assert [x.shape for x in found] == [(batch, heads, length // 2, 4) for heads in (4, 4, 2, 2)]


def test_heads_that_the_ranks_do_not_divide_are_refused_by_name(on_ranks) -> None:
    q, k, v, _ = operands(1, 6, 3, 4, 2)
    with pytest.raises(ValueError, match=r"each of 2 ranks as many key heads, .* divide 3 in q \(1, 6, 4, 2\)"):
        on_ranks(2, lambda x: attend_shards(q, k, v, x, causal=True, algorithm="heads"))


def test_shards_that_differ_are_refused_by_name_on_every_rank(on_ranks) -> None:
    q, k, v, _ = operands(1, 2, 2, 4, 2)
    told = []

    def unequal(exchange) -> None:
        length = 4 - exchange.rank
        try:
            attend_shards(q[:, :, :length], k[:, :, :length], v[:, :, :length], exchange, causal=False)
        except ValueError as error:
            told.append(str(error))

    on_ranks(2, unequal)
    assert len(told) == 2
    assert all("rank 0 gives q (1, 2, 4, 2)" in each and "rank 1 q (1, 2, 3, 2)" in each for each in told)


def test_ranks_that_ask_for_different_things_are_refused(on_ranks) -> None:
    q, k, v, _ = operands(1, 2, 2, 4, 2)
    with pytest.raises(ValueError, match=r"\(causal ring contiguous\), rank 1 .*\(ring contiguous\)"):
        on_ranks(2, lambda x: attend_shards(q, k, v, x, causal=not x.rank))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda q, k, v: (q[0], k, v), r"takes q \(B, H, n, d\).*got q \(2, 4, 2\)"),
        (lambda q, k, v: (q, k[:, :, :3], v[:, :, :3]), r"takes q .*k \(1, 2, 3, 2\)"),
        (lambda q, k, v: (q, k[:, :0], v[:, :0]), r"key heads divide query heads.*k \(1, 0, 4, 2\)"),
        (lambda q, k, v: (q, k.float(), v), r"one float dtype and one device.*k \(1, 2, 4, 2\) float32"),
        (lambda q, k, v: (q.long(), k.long(), v.long()), r"one float dtype"),
    ],
)
def test_operands_that_do_not_fit_are_named(change, sentence, on_ranks) -> None:
    given = change(*operands(1, 2, 2, 4, 2)[:3])
    with pytest.raises(ValueError, match=sentence):
        on_ranks(1, lambda x: attend_shards(*given, x, causal=True))


def test_an_odd_number_of_tokens_has_no_zigzag(on_ranks) -> None:
    q, k, v, _ = operands(1, 2, 2, 3, 2)
    with pytest.raises(ValueError, match=r"two equal chunks a rank, got 3 tokens in q \(1, 2, 3, 2\)"):
        on_ranks(1, lambda x: attend_shards(q, k, v, x, causal=True, order="zigzag"))


@pytest.mark.parametrize(("word", "options"), [("algorithm", "gather, heads, ring"), ("order", "contiguous, zigzag")])
def test_an_unknown_name_is_told_with_those_that_there_are(word, options, on_ranks) -> None:
    q, k, v, _ = operands(1, 2, 2, 4, 2)
    with pytest.raises(UserError, match=f"'tree' is not an {word}; {word}s: {options}"):
        on_ranks(1, lambda x: attend_shards(q, k, v, x, causal=True, **{word: "tree"}))

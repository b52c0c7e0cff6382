"""The fused form of softmax attention is its definition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paretoformer.kernels.softmax_attention import READ_ONCE, softmax_attention, softmax_attention_reference


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def operands(batch: int, heads: int, groups: int, queries: int, keys: int, width: int, dtype=torch.float64):
    """q (B, H, T, d), k and v (B, H / groups, S, d)."""
    return (
        normal(batch, heads, queries, width, seed=1, dtype=dtype),
        normal(batch, heads // groups, keys, width, seed=2, dtype=dtype),
        normal(batch, heads // groups, keys, width, seed=3, dtype=dtype),
    )


@settings(deadline=None, max_examples=80)
@given(
    batch=st.integers(1, 3),
    kv_heads=st.integers(1, 3),
    groups=st.integers(1, 3),
    queries=st.integers(1, 9),
    more_keys=st.integers(0, 9),
    width=st.integers(1, 9),
    causal=st.booleans(),
    biased=st.booleans(),
    lengths=st.none() | st.lists(st.integers(0, 9), min_size=3, max_size=3),
    single=st.booleans(),
)
def test_the_fused_form_is_the_definition(
    batch, kv_heads, groups, queries, more_keys, width, causal, biased, lengths, single
) -> None:
    heads, keys = kv_heads * groups, queries + more_keys
    dtype, tolerance = (torch.float32, 1e-5) if single else (torch.float64, 1e-10)
    q, k, v = operands(batch, heads, groups, queries, keys, width, dtype)
    options = {
        "causal": causal,
        "bias": normal(heads, queries, keys, seed=4, dtype=dtype) if biased else None,
        "valid": None if lengths is None else torch.arange(keys) < torch.tensor(lengths[:batch])[:, None],
    }
    torch.testing.assert_close(
        softmax_attention(q, k, v, **options),
        softmax_attention_reference(q, k, v, **options),
        rtol=tolerance,
        atol=tolerance,
    )


def test_it_is_the_mean_of_values_where_all_keys_are_equal() -> None:
    q, k, v = operands(2, 3, 1, 5, 7, 4)
    out = softmax_attention(q, k[:, :, :1].expand_as(k), v, causal=False)
    torch.testing.assert_close(out, v.mean(2, keepdim=True).expand_as(q))


def test_the_last_query_stands_at_the_last_key() -> None:
    q, k, v = operands(1, 2, 1, 3, 8, 4)
    out = softmax_attention(q, k, v, causal=True)
    for query in range(3):
        seen = 6 + query
        alone = softmax_attention(q[:, :, query : query + 1], k[:, :, :seen], v[:, :, :seen], causal=False)
        torch.testing.assert_close(out[:, :, query : query + 1], alone)


def test_a_query_head_reads_the_key_head_of_its_group() -> None:
    q, k, v = operands(1, 6, 3, 4, 4, 2)
    out = softmax_attention(q, k, v, causal=False)
    for head in range(6):
        group = slice(head // 3, head // 3 + 1)
        alone = softmax_attention(q[:, head : head + 1], k[:, group], v[:, group], causal=False)
        torch.testing.assert_close(out[:, head : head + 1], alone)


def test_keys_that_are_padding_have_no_influence() -> None:
    q, k, v = operands(2, 2, 1, 5, 5, 4)
    valid = torch.arange(5) < torch.tensor([5, 2])[:, None]
    out = softmax_attention(q, k, v, causal=False, valid=valid)
    k[1, :, 2:], v[1, :, 2:] = 1e3, -1e3
    torch.testing.assert_close(softmax_attention(q, k, v, causal=False, valid=valid), out, rtol=0, atol=0)


@pytest.mark.parametrize("causal", [False, True])
def test_a_sequence_without_valid_keys_gives_finite_outputs_and_gradients(causal) -> None:
    q, k, v = (x.requires_grad_() for x in operands(2, 2, 1, 5, 5, 4))
    out = softmax_attention(q, k, v, causal=causal, valid=torch.zeros(2, 5, dtype=torch.bool))
    out.sum().backward()
    assert out.isfinite().all() and all(x.grad.isfinite().all() for x in (q, k, v))


@pytest.mark.parametrize("grouped", [1, 2])
def test_tensors_that_are_not_contiguous_give_the_same(grouped) -> None:
    q, k, v = operands(2, 4, grouped, 6, 6, 5)
    turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]
    strided = [x.repeat_interleave(2, -1)[..., ::2] for x in (q, k, v)]
    expected = softmax_attention_reference(q, k, v, causal=True)
    torch.testing.assert_close(softmax_attention(*turned, causal=True), expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(softmax_attention(*strided, causal=True), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_gradients_are_those_of_finite_differences(causal, biased) -> None:
    q, k, v = (x.requires_grad_() for x in operands(1, 2, 2, 3, 3, 2))
    bias = normal(2, 3, 3, seed=4).requires_grad_() if biased else None

    def attend(*given: Tensor) -> Tensor:
        return softmax_attention(*given[:3], causal=causal, bias=given[3] if biased else None)

    assert torch.autograd.gradcheck(attend, (q, k, v, bias) if biased else (q, k, v))


def test_large_scores_do_not_overflow() -> None:
    q, k, v = operands(1, 1, 1, 4, 4, 8, torch.float32)
    assert softmax_attention(1e4 * q, 1e4 * k, v, causal=True).isfinite().all()


def test_one_new_query_of_many_grouped_keys_is_the_definition() -> None:
    q, k, v = operands(2, 6, 3, 1, READ_ONCE // 16, 4)
    expected = softmax_attention_reference(q, k, v, causal=True)
    torch.testing.assert_close(softmax_attention(q, k, v, causal=True), expected, rtol=1e-10, atol=1e-10)


def test_shapes_that_do_not_fit_are_named() -> None:
    q, k, v = operands(2, 3, 1, 4, 4, 4)
    with pytest.raises(ValueError, match=r"softmax attention takes .* got q \(2, 3, 4, 4\) .*, k \(2, 2, 4, 4\)"):
        softmax_attention(q, k[:, :2], v[:, :2], causal=True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"q": torch.ones(1, 2, 3, 4).double()},
            r"one floating-point dtype on one device, got q \(1, 2, 3, 4\) float64",
        ),
        ({"v": torch.ones(1, 2, 3, 4, device="meta")}, r"one device, got .*v \(1, 2, 3, 4\) float32 meta"),
        ({"k": torch.ones(1, 0, 3, 4), "v": torch.ones(1, 0, 3, 4)}, r"k \(1, 0, 3, 4\)"),
        ({"valid": torch.ones(1, 3)}, r"bool on the device of k, got .*valid \(1, 3\) float32"),
        ({"valid": torch.ones(1, 4, dtype=torch.bool)}, r"valid keys are \(B, S\).*valid \(1, 4\) bool"),
    ],
)
def test_operands_that_do_not_fit_are_refused(changed, said) -> None:
    fitting = {name: torch.ones(1, 2, 3, 4) for name in ("q", "k", "v")}
    with pytest.raises(ValueError, match=said):
        softmax_attention(**{**fitting, **changed}, causal=False)


def test_an_empty_batch_is_refused() -> None:
    empty = torch.ones(0, 2, 3, 4)
    with pytest.raises(ValueError, match=r"B at least 1, got q \(0, 2, 3, 4\)"):
        softmax_attention(empty, empty, empty, causal=True)


def test_whole_numbers_are_refused() -> None:
    whole = torch.ones(1, 2, 3, 4, dtype=torch.long)
    with pytest.raises(ValueError, match=r"one floating-point dtype on one device, got q \(1, 2, 3, 4\) int64"):
        softmax_attention(whole, whole, whole, causal=True)


def test_more_queries_than_keys_have_no_causal_order() -> None:
    with pytest.raises(ValueError, match=r"the last query stands at the last key, got q \(1, 2, 4, 4\)"):
        softmax_attention(torch.ones(1, 2, 4, 4), *[torch.ones(1, 2, 3, 4)] * 2, causal=True)


@pytest.mark.parametrize(
    "bias", [torch.ones(4, 5, 6), torch.ones(2, 3, 3, device="meta"), torch.ones(2, 3, 3, dtype=torch.long)]
)
def test_a_bias_of_another_shape_kind_or_device_is_refused(bias) -> None:
    x = torch.ones(1, 2, 3, 4)
    with pytest.raises(ValueError, match=r"a bias is \(H, T, 3\) or \(B, H, T, 3\), of numbers on q's device, got"):
        softmax_attention(x, x, x, causal=False, bias=bias)


@pytest.mark.parametrize("attend", [softmax_attention, softmax_attention_reference])
def test_a_query_that_a_bias_lets_see_nothing_gives_zeros(attend) -> None:
    x, bias = torch.ones(1, 2, 3, 4), torch.zeros(2, 3, 3)
    bias[:, 1] = -torch.inf
    out = attend(x, x, x, causal=False, bias=bias)
    assert out[:, :, 1].eq(0).all() and out[:, :, [0, 2]].eq(1).all()

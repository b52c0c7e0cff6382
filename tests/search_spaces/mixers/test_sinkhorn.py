"""Sparse Sinkhorn attention: its permutation, what a block reads of it, and what padding has of it."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.block import BlockConfig
from paretoformer.search_spaces.mixers.sinkhorn import SinkhornConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=40)


def made(places, length=40, **fields):
    """(module in float64, tokens (2, length, 16)) of a config with blocks of 8 tokens."""
    module = places.built(SinkhornConfig(**{"block": 8, **fields}), SITE).double().eval()
    return module, places.normal(2, length, SITE.width)


def order_of(module, places):
    """P (2, H, 5, 5) of normal sums of keys."""
    sums = places.normal(2, module.kv_heads, 5, module.head_width, seed=3)
    return module.permutation(sums, torch.ones(1, 5, dtype=torch.bool))


def with_order(module, order):
    """The module with a permutation of its own making, P (n, n)."""
    module.permutation = lambda sums, there: order.expand(*sums.shape[:2], -1, -1).to(sums.dtype)
    return module


def as_block_local(places, module):
    """Block-local attention with the projections of a Sinkhorn module."""
    local = places.built(BlockConfig(block=8), SITE).double().eval()
    local.load_state_dict({name: value for name, value in module.state_dict().items() if name != "sorting"})
    return local


@torch.no_grad()
def test_columns_sum_to_one_and_rows_come_to_it_with_iterations(places) -> None:
    errors = []
    for iterations in (1, 5, 40):
        order = order_of(made(places, iterations=iterations)[0], places)
        torch.testing.assert_close(order.sum(-2), torch.ones(2, 4, 5, dtype=torch.float64), rtol=0, atol=1e-12)
        errors.append((order.sum(-1) - 1).abs().max())
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-3


@torch.no_grad()
def test_a_low_temperature_gives_nearly_a_permutation(places) -> None:
    order = order_of(made(places, temperature=0.01, iterations=400)[0], places)
    assert ((order > 0.99) | (order < 0.01)).float().mean() > 0.9


@torch.no_grad()
def test_a_clip_bounds_the_logarithm(places) -> None:
    order = order_of(made(places, clip=1.0, temperature=0.05)[0], places)
    assert (order.log().abs() <= 1 + 1e-12).all() and (order.log().abs() > 1 - 1e-9).any()


def test_noise_is_there_in_training_alone(places) -> None:
    noisy, calm = made(places)[0], made(places, noise=False)[0]
    assert torch.equal(order_of(noisy, places), order_of(noisy, places))
    assert torch.equal(order_of(calm.train(), places), order_of(calm, places))
    assert not torch.equal(order_of(noisy.train(), places), order_of(noisy, places))


@torch.no_grad()
@pytest.mark.parametrize("length", [40, 37, 8, 5])
def test_the_identity_gives_block_local_attention(places, length) -> None:
    module, x = made(places, length, own="none")
    with_order(module, torch.eye(-(-length // 8)))
    local = as_block_local(places, module)
    torch.testing.assert_close(module(x, Context()), local(x, Context()), **CLOSE)


@torch.no_grad()
def test_the_identity_read_twice_is_block_local_attention_too(places) -> None:
    module, x = made(places)
    with_order(module, torch.eye(5))
    torch.testing.assert_close(module(x, Context()), as_block_local(places, module)(x, Context()), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("own", ["joined", "added", "none"])
@pytest.mark.parametrize("kv_heads", [None, 2])
def test_outputs_are_those_of_the_equations(places, own, kv_heads) -> None:
    module, x = made(places, own=own, kv_heads=kv_heads)
    q, k, v = (part.unflatten(2, (5, 8)) for part in module.project(x))
    order = module.permutation(k.sum(3), torch.ones(1, 5, dtype=torch.bool))
    mixed = [torch.einsum("bhij,bhjtd->bhitd", order, part) for part in (k, v)]
    keys = {"joined": [torch.cat(pair, 3) for pair in zip(mixed, (k, v), strict=True)]}.get(own, mixed)
    repeats = 1 if kv_heads is None else 2

    def read(k, v):
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        return (q @ k.mT / 2).softmax(-1) @ v

    expected = read(*keys) + (read(k, v) if own == "added" else 0)
    torch.testing.assert_close(module(x, Context()), module.merge(expected.flatten(2, 3)), **CLOSE)


@torch.no_grad()
def test_a_permuted_block_is_read_in_the_place_it_is_put(places) -> None:
    module, x = made(places, own="none")
    with_order(module, torch.eye(5).roll(1, 1))  # block i reads block i + 1
    other = x.clone()
    other[:, 16:24] += 1
    changed = (module(other, Context()) != module(x, Context())).any(-1).all(0)
    assert changed.nonzero().flatten().tolist() == [*range(8, 24)], "block 1 reads block 2, and block 2 asks anew"


@torch.no_grad()
def test_a_mixed_token_counts_by_its_share_that_is_no_padding(places) -> None:
    module, x = made(places, length=12, own="none")
    with_order(module, torch.tensor([[0.25, 0.75], [0.5, 0.5]]))
    q, k, v = (torch.nn.functional.pad(part, (0, 0, 0, 4)).unflatten(2, (2, 8)) for part in module.project(x))
    order = torch.tensor([[0.25, 0.75], [0.5, 0.5]], dtype=torch.float64)
    k, v = (torch.einsum("ij,bhjtd->bhitd", order, part) for part in (k, v))
    share = torch.ones(2, 8, dtype=torch.float64)
    share[:, 4:] = torch.tensor([[0.25], [0.5]])
    weights = (q @ k.mT / 2).exp() * share[:, None]
    expected = (weights / weights.sum(-1, keepdim=True)) @ v
    torch.testing.assert_close(module(x, Context()), module.merge(expected.flatten(2, 3)[:, :, :12]), **CLOSE)


def test_memory_grows_as_the_length_and_the_square_of_blocks(places, largest_tensor) -> None:
    sizes = []
    for length, block in ((1024, 32), (4096, 64)):
        module = SinkhornConfig(block=block).build(Site(width=16, length=length))
        x = places.normal(1, length, 16).float()
        sizes.append(largest_tensor(lambda module=module, x=x: module(x, Context()).sum()))
    assert sizes[1] <= 8.5 * sizes[0]
    assert sizes[1] < 4 * 4096**2 / 10


def test_more_tokens_than_it_was_built_for_are_refused(places) -> None:
    module, x = made(places, length=41)
    with pytest.raises(ValueError, match="was built for 40 tokens, and is given 41"):
        module(x, Context())


def test_one_block_alone_is_refused() -> None:
    said = "sorts blocks of 40 tokens, and a sequence of up to 40 tokens has 40 in all"
    assert any(said in sentence for sentence in SinkhornConfig(block=40).problems(SITE))


@torch.no_grad()
def test_sequences_without_lengths_are_full_ones(places) -> None:
    for length in (40, 37):
        module, x = made(places, length)
        lengths = torch.full((2,), length)
        torch.testing.assert_close(module(x, Context()), module(x, Context(lengths=lengths)), **CLOSE)

"""Reformer's attention: rounds equal the masked N x N form over the union of their sets, and hashes find what is near."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.lsh import ALONE, LshConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=100)


def made(places, length=100, **fields):
    """(module in float64, tokens (2, length, 16)) of a config with chunks of 8 tokens."""
    module = places.built(LshConfig(**{"chunk": 8, **fields}), SITE).double().eval()
    return module, places.normal(2, length, SITE.width)


def scores_of(module, q):
    """Scores of all pairs, (B, H, N, N), with the penalty on a token's own."""
    k = q / q.norm(dim=-1, keepdim=True)
    scale = 2.0 if module.config.scale == "root" else 1.0
    return q @ k.mT / scale + ALONE * torch.eye(q.shape[2], dtype=q.dtype)


def met_in_rounds(module, buckets, size):
    """The definition, token by token: which pairs meet in each round, (B, H, R, N, N)."""
    batch, heads, rounds, length = buckets.shape
    met = torch.zeros(batch, heads, rounds, length, length, dtype=torch.bool)
    for b in range(batch):
        for h in range(heads):
            for r in range(rounds):
                bucket = buckets[b, h, r].tolist()
                chunk = {
                    token: i // size for i, token in enumerate(sorted(range(length), key=lambda t: (bucket[t], t)))
                }
                for i in range(length):
                    for j in range(length):
                        near = chunk[i] - chunk[j] in (0, 1)
                        met[b, h, r, i, j] = (near and (module.config.across or bucket[i] == bucket[j])) or i == j
    return met


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 7, 8, 9, 40])
@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("scale", ["root", "none"])
def test_rounds_equal_attention_over_the_union_of_their_sets(places, length, across, scale) -> None:
    module, x = made(places, length, across=across, scale=scale, hashes=3)
    q, v = module._split(module.qk(x)), module._split(module.value(x))
    met = met_in_rounds(module, module.buckets(q, Context()), min(8, length)).any(2)
    expected = scores_of(module, q).masked_fill(~met, -torch.inf).softmax(-1) @ v
    expected = module.out(expected.transpose(1, 2).flatten(2))
    torch.testing.assert_close(module(x, Context()), expected, **CLOSE)


@torch.no_grad()
def test_counted_duplicates_weigh_a_pair_by_the_rounds_in_which_it_meets(places) -> None:
    module, x = made(places, 40, duplicates="counted", hashes=3)
    q, v = module._split(module.qk(x)), module._split(module.value(x))
    times = met_in_rounds(module, module.buckets(q, Context()), 8).sum(2)
    weights = scores_of(module, q).exp() * times
    alone = (weights.sum(-1, keepdim=True) == 0) * torch.eye(40)  # a token that meets nobody reads itself
    weights = (weights + alone) / (weights + alone).sum(-1, keepdim=True)
    expected = module.out((weights @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(module(x, Context()), expected, **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("hashes", [1, 4])
def test_one_bucket_in_one_chunk_is_softmax_with_shared_queries_and_keys(places, hashes) -> None:
    module, x = made(places, chunk=100, hashes=hashes)
    module.rotations.zero_()
    q, v = module._split(module.qk(x)), module._split(module.value(x))
    expected = module.out((scores_of(module, q).softmax(-1) @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(module(x, Context()), expected, **CLOSE)


@torch.no_grad()
def test_vectors_that_are_near_share_a_bucket_more_often(places) -> None:
    module = LshConfig(heads=1, hashes=400, buckets=8).build(SITE).double()
    one = places.normal(1, 1, 1, 16)
    shares = []
    for angle in (0.0, 0.3, 0.8, 1.57):
        other = places.normal(1, 1, 1, 16, seed=2)
        other = other - (other * one).sum() / (one * one).sum() * one
        turned = one / one.norm() * torch.tensor(angle).cos() + other / other.norm() * torch.tensor(angle).sin()
        found = module.buckets(torch.cat((one, turned), 2), Context())
        shares.append((found[..., 0] == found[..., 1]).float().mean().item())
    assert shares[0] == 1 and shares == sorted(shares, reverse=True) and shares[-1] < 0.4


@torch.no_grad()
def test_opposite_vectors_have_the_two_ends_of_a_direction(places) -> None:
    module = LshConfig(hashes=5, buckets=6).build(SITE).double()
    q = places.normal(1, 4, 30, 4)
    one, two = module.buckets(q, Context()), module.buckets(-q, Context())
    assert torch.equal((one + 3) % 6, two)


@torch.no_grad()
def test_a_longer_vector_has_the_same_bucket_and_key(places) -> None:
    module, x = made(places)
    q = module._split(module.qk(x))
    assert torch.equal(module.buckets(q, Context()), module.buckets(7 * q, Context()))


@torch.no_grad()
def test_macs_are_as_counted(places) -> None:
    for length in (1, 7, 8, 9, 64, 100):
        module, x = made(places, length)
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            module(x[:1], Context())
        assert 2 * LshConfig(chunk=8).macs(SITE, length) == counter.get_total_flops()


@pytest.mark.parametrize(
    ("length", "buckets", "factors"),
    [(64, None, (16,)), (65, None, (6, 4)), (100, None, (6, 6)), (4096, None, (32, 32)), (4096, 50, (50,))],
)
def test_many_buckets_are_pairs_of_hashes(length, buckets, factors) -> None:
    assert LshConfig(chunk=8, buckets=buckets).factors(Site(width=16, length=length)) == factors


@torch.no_grad()
def test_a_bucket_of_two_hashes_is_their_pair(places) -> None:
    site = Site(width=16, length=400)
    module = LshConfig(chunk=8, hashes=2).build(site).double()
    q = places.normal(1, 4, 400, 4)
    first, second = ((q[:, :, None] @ part) for part in module.rotations.split(module.directions, -1))
    one, two = (torch.cat((part, -part), -1).argmax(-1) for part in (first, second))
    found = module.buckets(q, Context())
    assert torch.equal(found // 10, one) and torch.equal(found % 10, two) and module.padded == 100


def test_memory_grows_slower_than_the_square(places, largest_tensor) -> None:
    sizes = []
    for length in (1024, 4096):
        module = LshConfig(chunk=16).build(Site(width=16, length=length))
        x = places.normal(1, length, 16).float()
        sizes.append(largest_tensor(lambda module=module, x=x: module(x, Context()).sum()))
    assert sizes[1] <= 8.5 * sizes[0]
    assert sizes[1] < 4 * 4096**2 / 10


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"heads": 3}, "3 heads, and they do not divide the width 16; heads that do: 1, 2, 4"),
        ({"chunk": 101}, "chunks of 101 tokens, and a sequence of up to 100 tokens has 100"),
        ({"buckets": 3}, "has 3 buckets, and each direction"),
    ],
)
def test_what_cannot_stand_is_refused(fields, said) -> None:
    assert any(said in sentence for sentence in LshConfig(**fields).problems(SITE))

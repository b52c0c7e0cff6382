"""Learning hash functions without making N x N matrices equals the definition that makes them."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from paretoformer.kernels.hash_attention import hashing
from paretoformer.kernels.hash_attention.hashing import Pairs, learn_bits, pick_anchors, signs, similarities

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
BATCH, HEADS, LENGTH, WIDTH = 2, 2, 30, 6


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def units() -> Tensor:
    return normalize(numbers(BATCH, HEADS, LENGTH, WIDTH), dim=-1)


def dense_pairs(units: Tensor, top: int) -> Tensor:
    """S as the official code writes it: ones, then minus ones over them, (B, H, N, N)."""
    scores = units @ units.mT
    s = torch.zeros_like(scores)
    s.scatter_(-1, scores.topk(top, -1).indices, 1.0)
    return s.scatter_(-1, scores.topk(top, -1, largest=False).indices, -1.0)


def dense_bits(centred: Tensor, s: Tensor, first: Tensor) -> Tensor:
    """The greedy algorithm with N x N residuals, autograd and torch's SGD; the smooth sign as the paper writes it."""
    bits, length = first.shape[1], centred.shape[2]
    residual, learned = bits * s, first.clone()

    def loss(y: Tensor) -> Tensor:
        return -(y[..., None, :] @ residual @ y[..., None]).mean() / (length * bits)

    def combined(row: Tensor) -> Tensor:
        return torch.einsum("bhnm,hm->bhn", centred, row)

    for bit in range(bits):
        row = learned[:, bit].clone().requires_grad_()
        optimiser = torch.optim.SGD([row], lr=5e-4, momentum=0.9, nesterov=True)
        for _ in range(100):
            optimiser.zero_grad()
            loss(2 / (1 + (-combined(row)).exp()) - 1).backward()
            optimiser.step()
        row = row.detach()
        if loss(signs(combined(row))) < loss(signs(combined(learned[:, bit]))):
            learned[:, bit] = row
        y = signs(combined(learned[:, bit]))
        residual = residual - y[..., None] * y[..., None, :]
    return learned


def padded(x: Tensor, more: int) -> tuple[Tensor, Tensor]:
    """(x with `more` loud tokens after its own, which of them are valid)."""
    valid = torch.arange(x.shape[2] + more).expand(len(x), -1) < x.shape[2]
    return torch.cat((x, 3 * numbers(*x.shape[:2], more, x.shape[3], seed=9)), 2), valid


@pytest.mark.parametrize("top", [3, 20, 30])
@pytest.mark.parametrize("rows", [7, 256])
def test_pairs_multiply_as_the_dense_matrix_does(units, top, rows, monkeypatch) -> None:
    monkeypatch.setattr(hashing, "ROWS", rows)
    pairs, dense, s = Pairs.of(units, None, top), dense_pairs(units, top), numbers(BATCH, HEADS, LENGTH, seed=1)
    torch.testing.assert_close(pairs.times(s), (dense @ s[..., None])[..., 0], **CLOSE)
    torch.testing.assert_close(pairs.transposed_times(s), (dense.mT @ s[..., None])[..., 0], **CLOSE)


@pytest.mark.parametrize("top", [3, 33])
def test_padding_is_no_part_of_a_pair(units, top) -> None:
    longer, valid = padded(units, 5)
    s = numbers(BATCH, HEADS, LENGTH + 5, seed=1)
    pairs, alone = Pairs.of(longer, valid, top), Pairs.of(units, None, top)
    torch.testing.assert_close(pairs.times(s)[..., :LENGTH], alone.times(s[..., :LENGTH]), **CLOSE)
    assert not pairs.times(s)[..., LENGTH:].any()


@pytest.mark.parametrize("top", [3, 20])
def test_bits_are_those_of_the_dense_algorithm(units, top) -> None:
    centred = numbers(BATCH, HEADS, LENGTH, 5, seed=2)
    first = numbers(HEADS, 4, 5, seed=3)
    learned = learn_bits(centred, Pairs.of(units, None, top), None, first)
    torch.testing.assert_close(learned, dense_bits(centred, dense_pairs(units, top), first), **CLOSE)
    assert not torch.equal(learned, first)


def test_padding_teaches_nothing(units) -> None:
    longer, valid = padded(units, 5)
    centred, first = numbers(BATCH, HEADS, LENGTH + 5, 5, seed=2), numbers(HEADS, 4, 5, seed=3)
    learned = learn_bits(centred, Pairs.of(longer, valid, 3), valid, first)
    alone = learn_bits(centred[:, :, :LENGTH], Pairs.of(units, None, 3), None, first)
    torch.testing.assert_close(learned, alone, **CLOSE)


def test_learned_codes_of_clusters_fit_the_pairs_no_worse_than_random_ones() -> None:
    centres = normalize(numbers(8, 32), dim=-1)
    units = normalize(centres.repeat(25, 1) + 0.9 * normalize(numbers(200, 32, seed=1), dim=-1), dim=-1)[None, None]
    distances = similarities(units, units[0, :, :25])
    centred = (-distances / (2 * distances.mean())).exp()
    centred = centred - centred.mean((0, 2))[:, None]
    first, s = numbers(1, 16, 25, seed=2), dense_pairs(units, 10)

    def misfit(combinations: Tensor) -> Tensor:
        codes = signs(centred @ combinations.mT)
        return ((codes @ codes.mT / 16 - s) * s.abs()).square().sum()

    assert misfit(learn_bits(centred, Pairs.of(units, None, 10), None, first)) <= misfit(first)


def test_a_sign_is_never_zero() -> None:
    assert signs(torch.tensor([-2.0, -0.0, 0.0, 3.0])).tolist() == [-1, 1, 1, 1]


def test_distances_are_squared_and_never_negative(units) -> None:
    anchors = units[0, :, :4]
    found = similarities(units, anchors)
    expected = (units[:, :, :, None] - anchors[:, None]).square().sum(-1)
    torch.testing.assert_close(found, expected, **CLOSE)
    assert found.min() == 0


@pytest.mark.parametrize(("valid", "sample"), [(None, 0), (torch.arange(LENGTH) < torch.tensor([[4], [20]]), 1)])
def test_anchors_are_valid_tokens_of_one_sequence_at_the_same_places_in_all_heads(units, valid, sample) -> None:
    torch.manual_seed(0)
    anchors = pick_anchors(units, valid, 12)
    places = [(units[sample, head][None] == anchors[head][:, None]).all(-1).int().argmax(1) for head in range(HEADS)]
    assert torch.equal(places[0], places[1])
    assert torch.equal(units[sample][:, places[0]], anchors)
    assert places[0].max() < (LENGTH if valid is None else 20) and len(set(places[0].tolist())) == 12


def test_a_short_sequence_gives_anchors_more_than_once(units) -> None:
    assert pick_anchors(units[:, :, :5], None, 12).shape == (HEADS, 12, WIDTH)

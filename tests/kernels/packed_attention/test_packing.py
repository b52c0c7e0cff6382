"""A packing is a prefix sum over lengths: where valid tokens lie, there and back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels import Packing

LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=6)


def packing_of(lengths: list[int], padded: int = 9) -> Packing:
    return Packing.of(torch.tensor(lengths), padded)


def padded_numbers(packing: Packing, *shape: int) -> torch.Tensor:
    return torch.randn(
        len(packing.lengths), packing.padded, *shape, generator=torch.Generator().manual_seed(0)
    ).double()


@settings(deadline=None, max_examples=50)
@given(lengths=LENGTHS)
def test_places_are_where_the_mask_is_true_and_offsets_the_sums_before(lengths) -> None:
    packing = packing_of(lengths)
    mask = torch.arange(9) < torch.tensor(lengths)[:, None]
    assert torch.equal(packing.places, mask.flatten().nonzero()[:, 0]) and torch.equal(packing.valid, mask)
    assert packing.offsets.tolist() == [sum(lengths[:b]) for b in range(len(lengths) + 1)]
    assert packing.positions.tolist() == [i for length in lengths for i in range(length)]
    assert packing.tokens == sum(lengths) and packing.fill == sum(lengths) / (9 * len(lengths))


@settings(deadline=None, max_examples=50)
@given(lengths=LENGTHS, shape=st.sampled_from([(), (3,), (2, 4)]))
def test_packing_and_unpacking_sets_padding_to_zero_and_unpacking_and_packing_changes_nothing(lengths, shape) -> None:
    packing = packing_of(lengths)
    x = padded_numbers(packing, *shape)
    masked = x * packing.valid.view(len(lengths), 9, *[1] * len(shape))
    packed = packing.pack(x)
    assert packed.shape == (sum(lengths), *shape)
    assert torch.equal(packing.unpack(packed), masked)
    assert torch.equal(packing.pack(packing.unpack(packed)), packed)


def test_padding_that_is_not_finite_stays_out() -> None:
    packing = packing_of([3, 0, 9])
    x = padded_numbers(packing, 2).masked_fill(~packing.valid[..., None], torch.nan)
    assert packing.unpack(packing.pack(x)).isfinite().all()


def test_gradients_flow_there_and_back() -> None:
    packing = packing_of([3, 0, 1, 9])
    x = padded_numbers(packing, 2).requires_grad_()
    assert torch.autograd.gradcheck(packing.pack, (x,))
    assert torch.autograd.gradcheck(packing.unpack, (packing.pack(x).detach().requires_grad_(),))


def test_what_lies_turned_is_packed_alike() -> None:
    packing = packing_of([3, 9])
    x = padded_numbers(packing, 2, 4)
    turned = x.transpose(2, 3).contiguous().transpose(2, 3)
    assert torch.equal(packing.pack(turned), packing.pack(x))
    assert torch.equal(packing.unpack(packing.pack(x).mT.contiguous().mT), packing.unpack(packing.pack(x)))


def test_tiles_are_stretches_of_every_sequence() -> None:
    assert packing_of([5, 0, 4, 1]).tiles(4).tolist() == [[0, 0], [0, 4], [2, 0], [3, 0]]
    assert packing_of([0]).tiles(4).shape == (0, 2)


def test_what_is_made_once_is_kept_for_its_key() -> None:
    packing = packing_of([1])
    assert packing.once("a", lambda: [1]) is packing.once("a", lambda: [2])
    assert packing.once("b", lambda: [2]) == [2]


@pytest.mark.parametrize("lengths", [[3, -1], [10, 2]])
def test_lengths_that_cannot_be_are_refused(lengths) -> None:
    with pytest.raises(ValueError, match=r"lengths are 0 to 9, the tokens that sequences are padded to, got \["):
        packing_of(lengths)


@pytest.mark.parametrize(
    "lengths",
    [
        torch.tensor([1.0]),
        torch.tensor([[1]]),
        torch.tensor([True]),
        torch.zeros(0, dtype=torch.long),
        torch.ones(2, dtype=torch.long, device="meta"),
    ],
)
def test_lengths_of_another_shape_or_kind_are_refused(lengths) -> None:
    with pytest.raises(ValueError, match="lengths .B,. of int32 or int64, at least one, got lengths"):
        Packing.of(lengths, 9)


def test_numbers_of_other_sequences_are_named() -> None:
    packing = packing_of([2, 3])
    with pytest.raises(ValueError, match=r"lengths \[2, 3\] takes x \(2, 9, ... on cpu\), got x \(2, 8, 4\)"):
        packing.pack(torch.zeros(2, 8, 4))
    with pytest.raises(ValueError, match=r"takes x \(5, ... on cpu\), got x \(6, 4\)"):
        packing.unpack(torch.zeros(6, 4))

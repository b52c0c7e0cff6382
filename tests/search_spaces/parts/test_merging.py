"""Between stages: tokens of 2 x 2 places joined, or convolved by a stride of 2."""

import torch

from paretoformer.search_spaces.parts.merging import Merging, Striding


def test_each_square_of_four_becomes_one_token_of_all_their_channels() -> None:
    merging = Merging(1, 4, None)
    with torch.no_grad():
        merging.map.weight.copy_(torch.eye(4))
    joined = merging(torch.arange(12.0).view(1, 12, 1), (2, 6))
    assert joined.tolist() == [[[0, 6, 1, 7], [2, 8, 3, 9], [4, 10, 5, 11]]]


def test_an_odd_row_and_column_are_left_out() -> None:
    assert Merging(3, 5, None)(torch.zeros(2, 35, 3), (5, 7)).shape == (2, 6, 5)


def test_a_stride_halves_the_grid_up_or_down_by_its_kernel() -> None:
    x = torch.zeros(2, 35, 3)
    assert Striding(3, 5, 3)(x, (5, 7)).shape == (2, 12, 5)
    assert Striding(3, 5, 2)(x, (5, 7)).shape == (2, 6, 5)

"""StarReLU: where its scalars start, and its formula."""

import torch

from paretoformer.search_spaces.parts.star_relu import StarRelu


def test_the_papers_start_gives_normal_numbers_mean_zero_and_variance_one(places) -> None:
    y = StarRelu("paper").double()(places.normal(400_000))
    assert abs(y.mean().item()) < 0.01 and abs(y.var().item() - 1) < 0.02


def test_the_codes_start_is_a_squared_relu(places) -> None:
    x = places.normal(50)
    torch.testing.assert_close(StarRelu("code").double()(x), x.relu() ** 2)


def test_its_two_scalars_learn(places) -> None:
    activation = StarRelu("paper").double()
    activation(places.normal(50)).square().sum().backward()
    assert all(parameter.numel() == 1 and parameter.grad != 0 for parameter in activation.parameters())


def test_narrow_numbers_stay_narrow_beside_wide_scalars(places) -> None:
    x = places.normal(50).bfloat16()
    y = StarRelu("paper")(x)
    assert y.dtype is torch.bfloat16
    torch.testing.assert_close(y.float(), StarRelu("paper")(x.float()), rtol=0.01, atol=0.01)

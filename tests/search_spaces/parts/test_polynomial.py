"""Features whose products are polynomials of a product."""

from math import comb, factorial

import pytest
import torch

from paretoformer.search_spaces.parts.polynomial import PolynomialFeatures, feature_count


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_their_product_is_the_polynomial_of_the_product(places, degree) -> None:
    features = PolynomialFeatures("polynomial", degree, 5).double()
    q, k = places.normal(4, 5), places.normal(6, 5, seed=2)
    with torch.no_grad():
        features.coefficients += 0.1 * places.normal(degree + 1, seed=3)
        expected = sum(root**2 * (q @ k.mT) ** i for i, root in enumerate(features.coefficients))
        torch.testing.assert_close(features(q) @ features(k).mT, expected, rtol=0, atol=1e-10)


def test_coefficients_start_as_those_of_the_exponential() -> None:
    roots = PolynomialFeatures("polynomial", 4, 2).coefficients
    torch.testing.assert_close(roots.detach() ** 2, torch.tensor([1 / factorial(i) for i in range(5)]))


def test_homogeneous_features_give_the_power_of_the_product(places) -> None:
    q, k = places.normal(4, 5), places.normal(6, 5, seed=2)
    features = PolynomialFeatures("homogeneous", 3, 5)
    torch.testing.assert_close(features(q) @ features(k).mT, (q @ k.mT) ** 3, rtol=0, atol=1e-10)
    assert features.norm() == 1


def test_identity_features_are_the_vector_itself(places) -> None:
    q = places.normal(4, 5)
    assert PolynomialFeatures("identity", 2, 5)(q) is q


@pytest.mark.parametrize("kind", ["identity", "polynomial", "homogeneous"])
@pytest.mark.parametrize(("width", "degree"), [(4, 1), (4, 3), (16, 2)])
def test_there_are_as_many_features_as_counted(places, kind, width, degree) -> None:
    made = PolynomialFeatures(kind, degree, width).double()(places.normal(1, width))
    assert made.shape[-1] == feature_count(kind, degree, width)


def test_sixteen_channels_have_153_monomials_up_to_degree_two() -> None:
    assert feature_count("polynomial", 2, 16) == 153 == comb(18, 2)


def test_weights_of_monomials_keep_their_precision_where_the_module_is_narrower(places) -> None:
    features = PolynomialFeatures("homogeneous", 2, 3)
    x = places.normal(2, 3)
    torch.testing.assert_close(features.bfloat16()(x), PolynomialFeatures("homogeneous", 2, 3)(x), rtol=0, atol=0)


def test_the_norm_is_that_of_a_vector_of_length_one(places) -> None:
    features = PolynomialFeatures("polynomial", 2, 5).double()
    unit = torch.nn.functional.normalize(places.normal(1, 5), dim=-1)
    torch.testing.assert_close(features(unit).square().sum(), features.norm(), rtol=0, atol=1e-6)

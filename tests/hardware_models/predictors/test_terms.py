import numpy as np

from paretoformer.hardware_models.predictors.terms import MOST_TERMS, Factor, natural_terms, values, written
from paretoformer.hardware_models.tables.features import FeatureKind, Features


def features(**columns: tuple[FeatureKind, list[float]]) -> Features:
    return Features(
        names=tuple(columns),
        kinds=tuple(kind for kind, _ in columns.values()),
        values=np.column_stack([column for _, column in columns.values()]).astype(float),
    )


WIDE = features(
    width=(FeatureKind.NUMBER, [1, 2, 4, 8]),
    batch=(FeatureKind.NUMBER, [3, 1, 2, 5]),
    layers=(FeatureKind.SUM, [2, 3, 2, 4]),
    same=(FeatureKind.SUM, [7, 7, 7, 7]),
)


def test_the_terms_of_a_layer_are_there() -> None:
    found = {written(term) for term in natural_terms(WIDE)}
    assert {
        "1",
        "layers",
        "layers x width",
        "layers x width^2",
        "width x batch",
        "width^2 x batch",
        "layers x width x batch",
    } <= found


def test_a_feature_that_is_the_same_everywhere_is_in_no_term() -> None:
    assert not any(factor.feature == "same" for term in natural_terms(WIDE) for factor in term)


def test_no_term_is_there_twice() -> None:
    found = natural_terms(WIDE)
    assert len(found) == len(set(found))


def test_levels_of_one_category_are_not_multiplied() -> None:
    ops = features(**{f"op={name}": (FeatureKind.LEVEL, row) for name, row in (("a", [1, 0, 0]), ("b", [0, 1, 0]))})
    assert {written(term) for term in natural_terms(ops)} == {"1", "op=a", "op=b"}


def test_values_are_products_of_powers() -> None:
    term = (Factor("layers"), Factor("width", 2), Factor("batch", -1))
    np.testing.assert_allclose(values(WIDE, [term])[:, 0], [2 * 1 / 3, 3 * 4 / 1, 2 * 16 / 2, 4 * 64 / 5])


def test_what_is_below_a_bound_is_never_negative() -> None:
    np.testing.assert_array_equal(Factor("width", bound=3.0).of(np.array([1.0, 3.0, 9.0])), [2.0, 0.0, 0.0])


def test_there_are_never_more_terms_than_allowed() -> None:
    rng = np.random.default_rng(0)
    many = features(**{f"n{place}": (FeatureKind.NUMBER, list(rng.uniform(1, 2, 5))) for place in range(60)})
    assert len(natural_terms(many)) == MOST_TERMS

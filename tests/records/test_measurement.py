"""Measurements as records."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretoformer.records.costs import COSTS
from paretoformer.records.measurement import Measurement, Provenance, spread_percent


def measured(**changes) -> Measurement:
    fields = {
        "quantity": "latency",
        "unit": "s",
        "value": 1.0,
        "low": 0.9,
        "high": 1.1,
        "samples": (0.9, 1.0, 1.1),
        "provenance": Provenance.MEASURED,
        "method": "paired",
        "method_version": 1,
        "target": "cpu",
    }
    return Measurement(**{**fields, **changes})


@given(st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=40))
def test_the_spread_is_what_numpy_says(samples) -> None:
    low, median, high = np.quantile(samples, [0.05, 0.5, 0.95])
    assert spread_percent(tuple(samples)) == pytest.approx(100 * (high - low) / 2 / median, rel=1e-9, abs=1e-9)


@given(st.permutations([1.0, 2.0, 3.0, 10.0]))
def test_the_order_of_samples_does_not_matter(samples) -> None:
    assert spread_percent(tuple(samples)) == spread_percent((1.0, 2.0, 3.0, 10.0))


@pytest.mark.parametrize("samples", [(2.0, 2.0, 2.0), (0.0, 0.0)])
def test_equal_samples_have_no_spread(samples) -> None:
    assert spread_percent(samples) == 0


def test_the_spread_of_a_single_sample_is_unknown() -> None:
    assert measured(samples=(2.0,)).spread is None


def test_the_spread_is_in_percent_of_the_median_whatever_the_unit() -> None:
    samples = (1.0, 1.1, 1.3, 0.9)
    assert spread_percent(tuple(1e-6 * s for s in samples)) == pytest.approx(spread_percent(samples))


def test_a_measurement_has_the_spread_of_its_samples() -> None:
    assert measured().spread == spread_percent((0.9, 1.0, 1.1))


def test_a_measurement_is_noisy_where_its_measurer_says_so() -> None:
    assert not measured().noisy
    assert measured(conditions={"noisy": True}).noisy


@pytest.mark.parametrize("name", COSTS)
def test_a_cost_depends_on_a_target_just_where_it_is_not_counted(name) -> None:
    assert COSTS[name].per_target == (COSTS[name].provenance is not Provenance.COUNTED)
    assert COSTS[name].name == name and COSTS[name].title


def test_provenance_is_written_as_a_word() -> None:
    assert [str(p) for p in Provenance] == ["counted", "measured", "predicted", "modelled"]

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paretoformer.records.canonical import digest
from paretoformer.store import DeviceRow, Store, TaskRow

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=st.dictionaries(st.text(), PLAIN, max_size=4))
def test_any_json_comes_back_exactly(store: Store, spec: dict[str, object]) -> None:
    store.architectures.put(digest(spec), spec)
    assert digest(store.architectures.get(digest(spec))) == digest(spec)


@pytest.mark.parametrize("table", ["signatures", "architectures", "recipes"])
def test_a_spec_that_is_stored_stays(store: Store, table: str) -> None:
    specs = getattr(store, table)
    specs.put("x", {"width": 64})
    specs.put("x", {"width": 32})
    assert specs.get("x") == {"width": 64}
    assert specs.get("y") is None


def test_counts_belong_to_a_model_and_stay(store: Store) -> None:
    store.signatures.put("longer", {})
    store.models.put("a" * 64, "s" * 64, {"params": 10, "macs": 20})
    store.models.put("a" * 64, "s" * 64, {"params": 11})
    store.models.put("a" * 64, "longer", {"params": 10, "macs": 40})
    assert store.models.counts("a" * 64, "s" * 64) == {"params": 10, "macs": 20}
    assert store.models.counts("a" * 64, "longer") == {"params": 10, "macs": 40}
    assert store.models.counts("b", "longer") is None


def test_a_task_keeps_the_hash_of_its_data(store: Store) -> None:
    store.tasks.put("x", {"name": "reviews"}, "h1")
    store.tasks.put("x", {"name": "reviews"}, "h2")
    assert store.tasks.get("x") == TaskRow(digest="x", spec={"name": "reviews"}, data_hash="h1")
    assert store.tasks.get("y") is None


def test_devices_are_listed_by_name(store: Store) -> None:
    store.devices.put("x", "accelerator", {"cores": 8})
    store.devices.put("x", "renamed", {})
    assert [device.name for device in store.devices.all()] == ["accelerator", "cpu"]
    assert store.devices.get("x") == DeviceRow(digest="x", name="accelerator", fingerprint={"cores": 8})
    assert store.devices.get("y") is None


def test_what_is_no_json_is_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        store.recipes.put("x", {"betas": {0.9}})

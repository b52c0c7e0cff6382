"""Counts of models, which several studies may ask for in parts."""

from paretoformer.store import Store


def test_counts_that_another_study_asks_for_are_added_to_those_that_are_there(store: Store) -> None:
    store.architectures.put("a", {})
    store.signatures.put("s", {})
    store.models.put("a", "s", {"params": 1})
    store.models.put("a", "s", {"params": 1, "activation_bytes": 7})
    store.models.put("a", "s", {"params": 1})
    assert store.models.counts("a", "s") == {"params": 1, "activation_bytes": 7}

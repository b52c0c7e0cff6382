import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.noise.infilling import span_lengths
from paretoformer.evaluators.noise.permutation import sentences
from paretoformer.evaluators.noising import NoiseOptions, corrupted, drawing, hidden, noise_names, noises
from paretoformer.records.errors import UserError

MASK, STOP = -1, 7
lengths, rates, seeds = st.integers(1, 60), st.sampled_from([0.1, 0.15, 0.3, 0.7, 1.0]), st.integers(0, 2**31)
quick = settings(deadline=None, max_examples=40)


def after(noise: str, ids, rate: float = 0.3, seed: int = 0, span: float = 3.0):
    options = NoiseOptions(rate=rate, span=span, mask=MASK, stop=STOP)
    return corrupted(np.asarray(ids, dtype=np.int64), noises(noise), options, np.random.default_rng(seed))


@quick
@given(lengths, rates, seeds)
def test_masking_keeps_the_length_and_hides_exactly_its_share(n, rate, seed) -> None:
    found = after("masking", np.arange(n), rate, seed)
    assert len(found) == n and (found == MASK).sum() == hidden(n, rate)
    assert (found[found != MASK] == np.arange(n)[found != MASK]).all()


@quick
@given(lengths, rates, seeds)
def test_deletion_shortens_by_exactly_its_share_and_keeps_the_order(n, rate, seed) -> None:
    found = after("deletion", np.arange(n), rate, seed)
    assert len(found) == n - hidden(n, rate) and (np.diff(found) > 0).all()


@quick
@given(lengths, rates, seeds)
def test_infilling_keeps_the_order_of_what_it_shows_and_hides_no_more_than_its_share(n, rate, seed) -> None:
    found = after("infilling", np.arange(n), rate, seed)
    shown = found[found != MASK]
    assert (np.diff(shown) > 0).all() and n - len(shown) <= hidden(n, rate)
    assert (found == MASK).any()


def test_infilling_covers_a_little_less_than_its_share_since_spans_overlap() -> None:
    shown = [(after("infilling", np.arange(200), seed=seed) >= 0).sum() for seed in range(400)]
    assert 0.26 <= 1 - np.mean(shown) / 200 <= 0.30


def test_spans_of_no_length_are_masks_beside_what_is_hidden() -> None:
    hidden_tokens = hidden(100, 0.1)
    found = after("infilling", np.arange(100), rate=0.1, span=0.2)
    empty = int((span_lengths(hidden_tokens, 0.2, np.random.default_rng(0)) == 0).sum())
    assert empty > hidden_tokens and (found == MASK).sum() > empty


def test_lengths_of_spans_add_up_to_the_budget_and_one_in_twenty_is_empty() -> None:
    drawn = [span_lengths(60, 3.0, np.random.default_rng(seed)) for seed in range(1000)]
    assert all(lengths.sum() == 60 for lengths in drawn)
    every = np.concatenate(drawn)
    assert np.mean(every == 0) == pytest.approx(np.exp(-3), abs=0.01) and len(every) / 1000 == pytest.approx(
        20.5, abs=0.5
    )


@quick
@given(st.lists(st.integers(5, 9), min_size=1, max_size=40), seeds, st.sampled_from(["permutation", "rotation"]))
def test_permutation_and_rotation_keep_every_token(ids, seed, noise) -> None:
    assert sorted(after(noise, ids, seed=seed)) == sorted(ids)


@quick
@given(lengths, seeds)
def test_a_rotation_is_undone_by_where_the_first_token_went(n, seed) -> None:
    found = after("rotation", np.arange(n), seed=seed)
    assert (np.roll(found, -int(np.flatnonzero(found == 0)[0])) == np.arange(n)).all()


def test_one_sentence_stays_as_it_is() -> None:
    assert after("permutation", [1, 2, 3, STOP]).tolist() == [1, 2, 3, STOP]


def test_a_sentence_ends_at_a_stop_that_follows_none() -> None:
    parts = [part.tolist() for part in sentences(np.array([1, STOP, STOP, 2, STOP, 3]), STOP)]
    assert parts == [[1, STOP], [STOP, 2, STOP], [3]]


def test_permutation_reaches_every_order_of_sentences() -> None:
    orders = {tuple(after("permutation", [1, STOP, 2, STOP, 3, STOP], seed=seed).tolist()) for seed in range(60)}
    assert len(orders) == 6


@pytest.mark.parametrize("noise", ["masking", "deletion", "infilling"])
def test_a_rate_of_0_changes_nothing(noise) -> None:
    assert (after(noise, np.arange(20), rate=0.0) == np.arange(20)).all()


@pytest.mark.parametrize("noise", [*noise_names(), "infilling+permutation"])
def test_equal_seeds_corrupt_alike_and_others_do_not(noise) -> None:
    ids = np.tile([1, 2, STOP, 4, 5, 6], 10)
    assert after(noise, ids, seed=3).tolist() == after(noise, ids, seed=3).tolist()
    assert len({tuple(after(noise, ids, seed=seed).tolist()) for seed in range(8)}) > 1


def test_sentences_change_places_before_spans_are_hidden() -> None:
    assert [noise.name for noise in noises("rotation+infilling+permutation")] == [
        "permutation",
        "infilling",
        "rotation",
    ]


def test_nothing_is_made_of_an_empty_text() -> None:
    assert len(after("infilling+permutation+rotation", [])) == 0


@pytest.mark.parametrize(("text", "said"), [("blurring", "noises: "), ("masking+masking", "twice")])
def test_a_noise_that_is_none_or_stands_twice_is_refused(text, said) -> None:
    with pytest.raises(UserError, match=said):
        noises(text)


def test_drawing_is_a_function_of_where_the_generator_stands() -> None:
    first, second = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    assert drawing(first).random() == drawing(second).random() != drawing(second).random()

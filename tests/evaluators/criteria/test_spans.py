import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.criteria.spans import Spans
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.rewriting import texts
from paretoformer.records.errors import UserError

MASK = 2


def filled(read, told) -> list[int]:
    """The text of what is read and what is written."""
    gaps = [list(part[1:]) for part in np.split(told, np.flatnonzero(told == -1)) if len(part)]
    whole = []
    for token in read:
        whole += gaps.pop(0) if token == -1 else [token]
    assert gaps == [[]], "a mask is left at the end"
    return whole


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 80), st.sampled_from([0.05, 0.15, 0.5, 0.95]), st.integers(1, 6), st.integers(0, 2**31))
def test_what_is_read_and_what_is_written_make_the_text(n, rate, span, seed) -> None:
    spans = Spans(rate=rate, span=float(span))
    read, told = spans.parted(np.arange(n), -1, np.random.default_rng(seed))
    hidden, count = spans.counts(n)
    assert filled(read, told) == list(range(n))
    assert (len(read), len(told)) == (n - hidden + count, hidden + count + 1)
    assert not (np.diff(np.flatnonzero(read == -1)) == 1).any()


def test_a_span_may_stand_anywhere() -> None:
    found = [Spans().parted(np.arange(8), -1, np.random.default_rng(seed))[0].tolist() for seed in range(60)]
    assert {read.index(-1) for read in found} == set(range(8))


def test_an_encoder_decoder_reads_the_gaps_beside_what_it_writes(toy, small) -> None:
    task = toy("beside", mask=MASK)
    batch = task.examples(Split.TRAIN)
    found = criterion("spans").bind(small(task), task).examples(batch, torch.Generator().manual_seed(0))
    for row, text in enumerate(texts(batch, task.symbols.end)):
        told = found.targets[row][found.targets[row] != IGNORED].numpy()
        read = found.source.inputs[row, : found.source.lengths[row]].numpy()
        swapped = [np.where(part == MASK, -1, part) for part in (read, told)]
        assert filled(*swapped) == text.tolist()
    assert (found.inputs[:, 0] == 0).all() and torch.equal(found.inputs[:, 1], found.targets[:, 0])


def test_a_decoder_is_asked_only_for_what_follows_the_text_with_gaps(toy, small) -> None:
    task = toy("next", mask=MASK)
    objective = criterion("spans").bind(small(task), task)
    found = objective.examples(task.examples(Split.TRAIN), torch.Generator().manual_seed(0))
    assert found.inputs.shape[1] <= 14 and found.source is None
    asked = found.targets != IGNORED
    first = asked.int().argmax(1)
    assert (found.targets.gather(1, first[:, None]) == MASK).all()
    for row, length in enumerate(found.lengths.tolist()):
        assert asked[row, first[row] : length].all() and not asked[row, length:].any()


@pytest.mark.parametrize("form", ["next", "beside"])
def test_it_has_a_gradient_and_draws_only_from_the_generator(toy, small, form) -> None:
    task = toy(form, mask=MASK)
    objective = criterion("spans").bind(small(task), task)
    first, again, other = (objective(task.examples(Split.TRAIN), torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    first.backward()
    assert first.item() == again.item() != other.item()
    assert all(parameter.grad is not None for parameter in objective.model.head.parameters())


def test_what_it_cannot_serve_is_said(toy) -> None:
    assert "no token for one" in next(criterion("spans").problems(toy("next")))
    assert "writes tokens" in next(criterion("spans").problems(toy("classes", mask=MASK)))


@pytest.mark.parametrize("text", ["spans:rate=0", "spans:span=0.5"])
def test_options_out_of_their_range_are_refused(text) -> None:
    with pytest.raises(UserError):
        criterion(text)

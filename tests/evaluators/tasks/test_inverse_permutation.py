import pytest
import torch

from paretoformer.evaluators.drawn.permutations import in_place_ceiling
from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.records.errors import UserError


def parts(text: str, first: slice, second: slice):
    examples = open_task(text).examples(Split.VALIDATION)
    return examples.inputs[:, first], examples.inputs[:, second], examples.targets


def test_the_wanted_tokens_are_those_that_the_permutation_leads_back_to() -> None:
    order, tokens, targets = parts("inverse-permutation", slice(0, 6), slice(6, 12))
    matrix = torch.nn.functional.one_hot(order, 6)  # row j is 1 at p(j)
    back = torch.einsum("bji,bj->bi", matrix, tokens - 6)
    assert torch.equal(targets[:, 6:], back) and (targets[:, :6] == IGNORED).all()


def test_tokens_first_asks_the_same_at_the_permutation() -> None:
    tokens, order, targets = parts("inverse-permutation:order=tokens-first", slice(0, 6), slice(6, 12))
    assert torch.equal(targets[:, 6:].gather(1, order), tokens - 6)


def test_pads_are_alike_and_the_last_ones_are_asked() -> None:
    _, pads, targets = parts("inverse-permutation:read=padded,pads=9", slice(0, 6), slice(12, 21))
    assert pads.unique().tolist() == [14]
    assert (targets[:, :15] == IGNORED).all() and (targets[:, 15:] != IGNORED).all()


def test_who_guesses_what_is_not_yet_seen_scores_the_ceiling() -> None:
    order, _, targets = parts("inverse-permutation", slice(0, 6), slice(6, 12))
    seen = order.argsort(1) <= torch.arange(6)
    right = seen | (targets[:, 6:] == 0)
    assert right.double().mean().item() == pytest.approx(in_place_ceiling(6, 8), abs=0.02)


@pytest.mark.parametrize("text", ["read=padded,pads=3", "pads=6", "length=3,symbols=2"])
def test_options_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="must be"):
        open_task(f"inverse-permutation:{text}")

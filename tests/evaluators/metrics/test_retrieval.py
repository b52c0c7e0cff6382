import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metrics.retrieval import Recall


def recall(metric: Recall, text: torch.Tensor, source: torch.Tensor) -> float:
    nothing = Examples(inputs=text, targets=torch.zeros(len(text)))
    return metric.score(metric.parts(text, source, nothing)).value


@pytest.mark.parametrize("by", ["text", "source"])
def test_pairs_that_point_the_same_way_are_all_found(by) -> None:
    assert recall(Recall(by, 1), torch.eye(5), 7 * torch.eye(5)) == 1


@pytest.mark.parametrize("first", [1, 5, 10])
def test_one_vector_for_all_finds_the_partner_by_chance(first: int) -> None:
    assert recall(Recall("text", first), torch.ones(40, 3), torch.ones(40, 3)) == pytest.approx(first / 40)


def test_texts_and_sources_are_asked_apart() -> None:
    text, source = torch.tensor([[1.0, 0], [0.6, 0.8]]), torch.tensor([[0.6, 0.8], [0.8, 0.6]])
    assert (recall(Recall("text", 1), text, source), recall(Recall("source", 1), text, source)) == (0, 0.5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_without_ties_it_is_the_share_of_ranks_up_to_the_first(seed: int, first: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    text, source = (torch.randn(9, 4, generator=generator) for _ in range(2))
    near = torch.nn.functional.cosine_similarity(text[:, None], source[None], dim=-1)
    ranks = [near[row].argsort(descending=True).tolist().index(row) for row in range(9)]
    assert recall(Recall("text", first), text, source) == pytest.approx(sum(rank < first for rank in ranks) / 9)


def test_its_name_says_what_is_asked() -> None:
    assert Recall("source", 5).name == "recall_5_by_source"

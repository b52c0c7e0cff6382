"""chrF and BLEU beside sacrebleu, on texts that are like and unlike each other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.evaluators.byte_text import byte_source, written_after
from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.generation import AFTER_END
from paretoformer.evaluators.metric import GeneratedMetric
from paretoformer.evaluators.metrics.bleu import Bleu
from paretoformer.evaluators.metrics.chrf import ChrF

sacrebleu = pytest.importorskip("sacrebleu.metrics")
OTHERS = {"chrf": sacrebleu.CHRF(), "bleu": sacrebleu.BLEU()}
METRICS = pytest.mark.parametrize("metric", [ChrF(), Bleu()], ids=lambda metric: metric.name)

words = st.lists(
    st.sampled_from(["the", "house,", "of", "3.5", "Dios-fué", "&amp;", "(all)", "x.", "a's", "1,000", "¿no?", "sea"]),
    min_size=1,
    max_size=9,
)
texts = words.map(" ".join)


def written(found: list[str]) -> torch.Tensor:
    rows = [torch.tensor(list(text.encode()), dtype=torch.long) for text in found]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=AFTER_END)


def asked(wanted: list[str]) -> Examples:
    return written_after(byte_source(wanted), wanted)


def value(metric: GeneratedMetric, found: list[str], wanted: list[str]) -> float:
    return float(metric.combine(metric.parts(written(found), asked(wanted)).sum(0).numpy()))


@METRICS
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_the_score_is_that_of_sacrebleu(metric, pairs) -> None:
    found, wanted = (list(side) for side in zip(*pairs, strict=True))
    theirs = OTHERS[metric.name].corpus_score(found, [wanted]).score
    assert value(metric, found, wanted) == pytest.approx(theirs, abs=1e-9)


@METRICS
def test_the_text_itself_has_all_points(metric) -> None:
    wanted = ["In the beginning was the Word.", "Dijo Dios: Sea la luz."]
    assert value(metric, wanted, wanted) == pytest.approx(100)


@METRICS
def test_nothing_has_none(metric) -> None:
    assert value(metric, [""], ["In the beginning"]) == 0


@METRICS
def test_many_sums_are_combined_as_each_alone(metric) -> None:
    parts = metric.parts(written(["a house of all", "the x", "no"]), asked(["a house of sea", "the", "yes no"])).numpy()
    sums = np.stack([parts[:2].sum(0), parts.sum(0), parts[2:].sum(0)])
    assert metric.combine(sums).tolist() == [metric.combine(row).item() for row in sums]
    assert metric.combine(sums[None]).shape == (1, 3)


@METRICS
def test_bytes_that_are_no_text_are_scored_all_the_same(metric) -> None:
    parts = metric.parts(torch.tensor([[0xC3, 0x28, AFTER_END]]), asked(["(é"]))
    assert 0 <= metric.score(parts).value <= 100

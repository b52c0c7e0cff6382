import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.metrics.bleu import Bleu
from paretoformer.evaluators.metrics.chrf import ChrF
from paretoformer.evaluators.tasks.bible_translation import BibleOptions, BibleTranslation
from paretoformer.records.errors import UserError


def opened(pair: str) -> BibleTranslation:
    try:
        return BibleTranslation(BibleOptions(pair=pair))
    except UserError as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="module")
def spanish() -> BibleTranslation:
    return opened("en-es")


def sides(task: BibleTranslation, split: Split) -> list[tuple[str, str]]:
    examples = task.examples(split)
    rows = zip(examples.source.inputs.tolist(), examples.inputs.tolist(), strict=True)
    return [(task.text(source), task.text(target)) for source, target in rows]


def test_no_verse_stands_in_two_splits_on_either_side(spanish) -> None:
    for side in range(2):
        found = [{pair[side] for pair in sides(spanish, split)} for split in Split]
        assert sum(map(len, found)) == len(set.union(*found))


def test_a_verse_stands_beside_its_translation(spanish) -> None:
    every = dict(pair for split in Split for pair in sides(spanish, split))
    assert every["And God said, Let there be light: and there was light."] == "Y dijo Dios: Sea la luz: y fué la luz."


def test_verses_of_a_chapter_are_resampled_together(spanish) -> None:
    validation = spanish.examples(Split.VALIDATION)
    assert 100 < len(validation.groups.unique()) < len(validation) / 4


def test_verses_fit_the_signature(spanish) -> None:
    for split in Split:
        examples = spanish.examples(split)
        assert (
            examples.inputs.shape[1] <= spanish.signature.input.length == examples.lengths.max()
            or split is not Split.TRAIN
        )
        assert examples.source.inputs.shape[1] <= spanish.signature.source.length


def copied(task: BibleTranslation, metric: ChrF | Bleu) -> float:
    examples = task.examples(Split.VALIDATION)
    ids = examples.source.inputs
    return metric.score(metric.parts(torch.where(ids < 256, ids, -1), examples), examples.groups).value


def test_a_copy_is_no_translation_but_close_to_other_english(spanish) -> None:
    assert copied(spanish, ChrF()) == pytest.approx(16.0, abs=0.1)
    assert copied(opened("kjv-web"), Bleu()) == pytest.approx(40.8, abs=0.1)

import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.registry import registered_task
from paretoformer.evaluators.tasks.speech_translation import SpeechOptions, SpeechTranslation
from paretoformer.records.errors import UserError


def opened(**options: str) -> SpeechTranslation:
    try:
        return SpeechTranslation(SpeechOptions(**options))
    except UserError as absent:
        pytest.skip(str(absent))


def texts(task: SpeechTranslation, split: Split) -> list[str]:
    return [task.text(row) for row in task.examples(split).inputs.tolist()]


@pytest.fixture(scope="module")
def every() -> SpeechTranslation:
    return opened()


def test_no_english_text_is_in_two_splits_whatever_the_language(every) -> None:
    found = [{"".join(filter(str.isalnum, text.lower())) for text in texts(every, split)} for split in Split]
    assert sum(map(len, found)) == len(set.union(*found)) > 350


def test_a_text_is_heard_in_several_languages_and_resampled_as_one(every) -> None:
    train = every.examples(Split.TRAIN)
    assert 3 < len(train) / len(train.groups.unique()) < 5


def test_bands_are_normal_over_training(every) -> None:
    source = every.examples(Split.TRAIN).source
    heard = source.inputs[torch.arange(source.inputs.shape[1]) < source.lengths[:, None]]
    torch.testing.assert_close(heard.mean(0), torch.zeros(heard.shape[1]), atol=1e-3, rtol=0)
    torch.testing.assert_close(heard.std(0), torch.ones(heard.shape[1]), atol=1e-3, rtol=0)


def test_behind_a_recording_there_is_nothing(every) -> None:
    source = every.examples(Split.VALIDATION).source
    behind = torch.arange(source.inputs.shape[1]) >= source.lengths[:, None]
    assert behind.any() and not source.inputs[behind].any()


def test_a_language_is_a_part_of_all(every) -> None:
    french = opened(language="fr")
    assert sum(len(french.examples(split)) for split in Split) < sum(len(every.examples(split)) for split in Split) / 3
    assert french.data_hash != every.data_hash


def test_recognition_hears_english(every) -> None:
    english = opened(kind="recognition")
    assert english.data_hash != every.data_hash
    train = english.examples(Split.TRAIN)
    assert len(train) / len(train.groups.unique()) < 1.5


def test_recognition_of_a_language_without_transcripts_is_refused() -> None:
    with pytest.raises(UserError, match="language is 'fr', and only English prompts have transcripts"):
        registered_task("speech-translation:kind=recognition,language=fr")

"""Speech in four languages and what it says in English."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from paretoformer.evaluators.byte_text import SYMBOLS, VOCABULARY, text_of, written_after
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.bits_per_byte import BitsPerByte
from paretoformer.evaluators.metrics.bleu import Bleu
from paretoformer.evaluators.metrics.chrf import ChrF
from paretoformer.evaluators.packages import folder
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.speech.mel import BANDS
from paretoformer.evaluators.speech.prompts import LANGUAGES, read_recordings, read_transcripts
from paretoformer.evaluators.splits import deal, group_numbers, letters_of
from paretoformer.evaluators.task import About
from paretoformer.records.canonical import digest
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import SeriesInput, Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.contract import Source

_FRAMES = 256
"""The longest recording, 5.1 seconds."""

_BYTES = 72
"""The longest text."""


@dataclass(frozen=True, kw_only=True)
class SpeechOptions:
    """Which language is spoken, or all four; `recognition` is of the English prompts, whose transcripts alone there are."""

    language: Literal["all", "es", "fr", "it", "ru"] = "all"
    kind: Literal["translation", "recognition"] = "translation"

    def __post_init__(self) -> None:
        if self.kind == "recognition" and self.language != "all":
            raise UserError(
                f"The language is '{self.language}', and only English prompts have transcripts to recognise; leave the language out."
            )

    @property
    def languages(self) -> tuple[str, ...]:
        """Folders of the recordings."""
        if self.kind == "recognition":
            return ("en",)
        return tuple(name for name in LANGUAGES if name != "en") if self.language == "all" else (self.language,)


@register_task("speech-translation")
class SpeechTranslation(MemoryTask):
    """The English text, byte by byte, beside log-mel features of a telephone prompt in another language.

    Prompts of up to 5.1 seconds and 72 bytes. All recordings of equal English text lie in one split. Each band has mean 0 and
    deviation 1 over the frames of training.
    """

    Options = SpeechOptions
    about: About = About(
        title="spoken telephone prompts in Spanish, French, Italian and Russian to English text",
        data="Asterisk's prompts in Debian, one speaker a language, 8 kHz, 40 log-mel bands every 20 ms",
        licence="CC BY-SA 3.0 (English, Spanish, French), CC BY 3.0 (Italian, Russian)",
        baseline="2.897 bits/byte on validation by a byte n-gram of order 4 of the English texts alone, chrF "
        "19.0 by what the nearest recording of training says",
        papers=(2,),
        package="asterisk-sounds",
    )
    metrics: tuple[Metric, ...] = (BitsPerByte(), ChrF(), Bleu())
    signature: Signature = Signature(
        input=TokenInput(vocabulary=VOCABULARY, length=_BYTES + 1),
        output=TokenOutput(vocabulary=VOCABULARY),
        source=SeriesInput(channels=BANDS, length=_FRAMES),
    )
    recipe: Recipe = Recipe(criterion="ctc", batch=16, budget=4_096)
    symbols = SYMBOLS

    def __init__(self, options: SpeechOptions = SpeechOptions()) -> None:
        found = _utterances(options)
        keys = [letters_of(text) for text in found.texts]
        dealt = deal(keys)
        normal = _normalised(found.features, dealt[Split.TRAIN])
        source = Source(pad_sequence(normal, batch_first=True), torch.tensor([len(each) for each in normal]))
        everything = written_after(source, found.texts, group_numbers(keys))
        super().__init__(
            {split: everything.take(torch.tensor(dealt[split])) for split in Split}, data_hash=found.digest
        )

    def text(self, ids: Sequence[int]) -> str:
        """The text that ids spell."""
        return text_of(ids)


@dataclass(frozen=True, kw_only=True)
class _Utterances:
    """Features (frames, BANDS) and text of each recording that is short enough, language by language."""

    features: list[Tensor]
    texts: list[str]
    digest: str


def _utterances(options: SpeechOptions) -> _Utterances:
    data = folder("asterisk-sounds")
    said = read_transcripts(data)
    recordings = [read_recordings(data, language) for language in options.languages]
    pairs = [
        (features, said[key])
        for each in recordings
        for key, features in each.features.items()
        if key in said and len(features) <= _FRAMES and len(said[key].encode()) <= _BYTES
    ]
    texts = [text for _, text in pairs]
    return _Utterances(
        features=[features for features, _ in pairs],
        texts=texts,
        digest=digest([each.digest for each in recordings] + texts),
    )


def _normalised(found: list[Tensor], training: list[int]) -> list[Tensor]:
    heard = torch.cat([found[item] for item in training])
    mean, deviation = heard.mean(0), heard.std(0)
    return [(each - mean) / deviation for each in found]

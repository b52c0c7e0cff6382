import gzip
import sys

import pytest
import torch

from paretoformer.evaluators.speech.mel import BANDS
from paretoformer.evaluators.speech.prompts import FRAME_BYTES, read_recordings, read_speech, read_transcripts
from paretoformer.records.errors import UserError

TEXT = """; Core Asterisk Sounds in English

activated: Activated.
beep: [this is a simple beep tone]
digits/1:   one \x20
nothing:
"""


@pytest.fixture
def folder(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    with gzip.open(tmp_path / "core-sounds-en.txt.gz", "wt", encoding="latin-1") as lines:
        lines.write(TEXT)
    for key, seconds in (("activated", 0.4), ("digits/1", 0.2), ("silence/1", 1.0)):
        file = tmp_path / "es" / f"{key}.gsm"
        file.parent.mkdir(parents=True, exist_ok=True)
        samples = 0.3 * torch.sin(torch.arange(int(8000 * seconds)) / 3).numpy()
        soundfile.write(file, samples, 8000, format="RAW", subtype="GSM610")
    (tmp_path / "es" / "is.gsm").touch()
    return tmp_path


def test_transcripts_are_those_of_speech(folder) -> None:
    assert read_transcripts(folder) == {"activated": "Activated.", "digits/1": "one"}


def test_features_are_read_by_key_without_silences_and_empty_files(folder) -> None:
    found = read_recordings(folder, "es").features
    assert set(found) == {"activated", "digits/1"}
    assert found["activated"].shape == (21, BANDS) and found["digits/1"].shape == (11, BANDS)


def test_the_second_reading_decodes_nothing_and_is_equal(folder, monkeypatch) -> None:
    first = read_recordings(folder, "es")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    again = read_recordings(folder, "es")
    assert first.digest == again.digest and first.features.keys() == again.features.keys()
    assert all(torch.equal(first.features[key].half(), again.features[key].half()) for key in first.features)


def test_a_recording_sounds_as_it_was_made(folder) -> None:
    samples = read_speech(folder / "es" / "activated.gsm")
    wave = 0.3 * torch.sin(torch.arange(len(samples)) / 3)
    assert torch.corrcoef(torch.stack((samples[400:], wave[400:])))[0, 1] > 0.95


def test_a_truncated_recording_is_refused_with_its_path(folder) -> None:
    file = folder / "es" / "digits" / "1.gsm"
    file.write_bytes(file.read_bytes()[: 5 * FRAME_BYTES - 7])
    with pytest.raises(UserError, match=f"'{file}' is truncated: its 158 bytes"):
        read_recordings(folder, "es")
    assert not list(folder.glob("*.safetensors"))


def test_without_soundfile_a_sentence_says_what_to_install(folder, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(UserError, match="soundfile; run pip install"):
        read_recordings(folder, "es")


def test_another_recording_is_another_digest(folder) -> None:
    first = read_recordings(folder, "es").digest
    (folder / "log-mel-es-2.safetensors").unlink()
    file = folder / "es" / "activated.gsm"
    file.write_bytes(file.read_bytes()[:-FRAME_BYTES])
    assert read_recordings(folder, "es").digest != first

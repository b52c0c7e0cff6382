"""Asterisk's prompts: recordings in five languages and what they say in English."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from paretoformer.evaluators.kept_tensors import kept
from paretoformer.evaluators.speech.mel import RATE, log_mel
from paretoformer.records.errors import UserError

LANGUAGES = ("en", "es", "fr", "it", "ru")
FRAME_BYTES = 33
"""A frame of GSM 06.10, 20 ms."""

_TRANSCRIPTS = "core-sounds-en.txt.gz"
_UNSPOKEN = ("[", "(", "<")  # how lines begin that describe a sound


def read_transcripts(folder: Path) -> dict[str, str]:
    """What each prompt says in English, by its key, with single spaces; sounds that are no speech are left out."""
    found = {}
    with gzip.open(folder / _TRANSCRIPTS, "rt", encoding="latin-1") as lines:
        for line in lines:
            key, colon, text = line.partition(":")
            text = " ".join(text.split())
            if colon and text and not line.startswith(";") and not text.startswith(_UNSPOKEN):
                found[key.strip()] = text
    return found


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """Log-mel features (frames, BANDS) of prompts by their keys, and the SHA-256 of the files that they were computed from."""

    features: Mapping[str, Tensor]
    digest: str


def read_recordings(folder: Path, language: str) -> Recordings:
    """All prompts of a language; silences and empty recordings are left out.

    Features are computed at the first call, about a second a language, and then read from the folder.

    Raises:
        UserError: soundfile is not here, or a recording is truncated or cannot be read; named with its path.
    """
    keys = sorted(str(file.relative_to(folder / language).with_suffix("")) for file in _files(folder, language))
    held = kept(folder / f"log-mel-{language}-2.safetensors", lambda: _packed(folder / language, keys))
    series = held["features"].float().split(held["frames"].tolist())
    return Recordings(features=dict(zip(keys, series, strict=True)), digest=bytes(held["digest"].tolist()).hex())


def read_speech(file: Path) -> Tensor:
    """Samples (n,) of a file of raw GSM 06.10 frames.

    Raises:
        UserError: soundfile is not here, or the file is truncated or no such recording; with its path.
    """
    try:
        soundfile = import_module("soundfile")
    except (ImportError, OSError) as error:
        raise UserError("Reading recordings needs soundfile; run pip install 'paretoformer[data]'.") from error
    size = file.stat().st_size
    if size % FRAME_BYTES:
        raise UserError(
            f"The recording '{file}' is truncated: its {size} bytes are no whole number of frames of {FRAME_BYTES}."
        )
    try:
        samples, _ = soundfile.read(file, dtype="float32", format="RAW", subtype="GSM610", samplerate=RATE, channels=1)
    except soundfile.LibsndfileError as error:
        raise UserError(f"The recording '{file}' cannot be read: {error}.") from error
    return torch.from_numpy(np.ascontiguousarray(samples))


def _files(folder: Path, language: str) -> list[Path]:
    found = (folder / language).rglob("*.gsm")
    return [
        file for file in found if file.parent.name != "silence" and file.stat().st_size
    ]  # Russian has an empty "is"


def _packed(folder: Path, keys: list[str]) -> Mapping[str, Tensor]:
    files = [folder / f"{key}.gsm" for key in keys]
    found = [log_mel(read_speech(file)) for file in files]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()
    return {
        "features": torch.cat(found).half(),
        "frames": torch.tensor([len(each) for each in found]),
        "digest": torch.tensor(list(digest), dtype=torch.uint8),
    }

"""Emoji drawn from a colour font, with their English names."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from paretoformer.evaluators.kept_tensors import kept
from paretoformer.records.errors import UserError

if TYPE_CHECKING:
    from PIL import Image

SIZE = 32
"""Pixels of a picture's side."""

_FULLY_QUALIFIED = 2
_POINTS, _CANVAS, _CORNER = 96, 128, (4, 8)
_BLANK = 250  # a picture without a darker pixel shows nothing
_FONT, _NAMES = "font/glyf_colr0.ttf", "names/emoji.json"


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Emoji with English names and pictures (n, 3, SIZE, SIZE) of bytes; blank and repeated pictures are left out."""

    emoji: tuple[str, ...]
    names: tuple[str, ...]
    images: Tensor

    @property
    def digest(self) -> str:
        """SHA-256 of all three."""
        found = hashlib.sha256("\n".join((*self.emoji, *self.names)).encode())
        found.update(self.images.numpy().tobytes())
        return found.hexdigest()


def read_pictures(folder: Path) -> Pictures:
    """The pictures of the data package `emoji`; drawn at the first call (some seconds), then read from its folder.

    Raises:
        UserError: Pillow is not here, or cannot join characters.
    """
    known = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
    asked = sorted(emoji for emoji, facts in known.items() if facts["status"] == _FULLY_QUALIFIED)
    drawn = kept(folder / f"pictures-{SIZE}-1.safetensors", lambda: _drawn(folder / _FONT, asked))
    chosen = [asked[place] for place in drawn["places"].tolist()]
    names = tuple(known[emoji]["en"].strip(":").replace("_", " ") for emoji in chosen)
    return Pictures(emoji=tuple(chosen), names=names, images=drawn["images"])


def _drawn(font: Path, emoji: Sequence[str]) -> dict[str, Tensor]:
    """`images`, and the `places` of those in `emoji` that show something that no earlier one shows."""
    import numpy as np

    images: dict[bytes, Tensor] = {}
    places = []
    for place, picture in enumerate(_each(font, emoji)):
        content = picture.tobytes()
        if min(content) <= _BLANK and content not in images:
            images[content] = torch.from_numpy(np.array(picture).transpose(2, 0, 1))
            places.append(place)
    return {"images": torch.stack(list(images.values())), "places": torch.tensor(places)}


def _each(font: Path, emoji: Sequence[str]) -> "Iterator[Image.Image]":
    try:
        from PIL import Image, ImageDraw, ImageFont, features
    except ImportError as error:
        raise UserError("Task 'emoji' draws its pictures with Pillow; run pip install 'paretoformer[data]'.") from error
    if not features.check("raqm"):
        raise UserError(
            "Task 'emoji' needs a Pillow that joins characters, and this one has no raqm; install its wheel."
        )
    face = ImageFont.truetype(str(font), _POINTS, layout_engine=ImageFont.Layout.RAQM)
    for text in emoji:
        picture = Image.new("RGB", (_CANVAS, _CANVAS), "white")
        ImageDraw.Draw(picture).text(_CORNER, text, font=face, embedded_color=True)
        yield picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)

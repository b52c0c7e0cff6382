"""A real pair of pictures with the distance of what each pixel shows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paretoformer.evaluators.splits import content_key
from paretoformer.records.errors import UserError

SHRUNK = 2
"""Pixels of the pictures, each way, that make one here."""

FOCAL = 994.978 / SHRUNK
"""Pixels as here."""

BASELINE = 0.193001
"""Metres between the cameras, which look the same way."""

PRINCIPAL_APART = 31.086 / SHRUNK
"""By how many columns, as here, the middle of the right camera's picture lies farther right than the left one's."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class StereoPair:
    """`images` (2, 3, H, W) from 0 to 1, the left one first, and `disparity` (2, H, W): by how many columns what a pixel shows lies
    farther right in the left picture, nan where that is not known.
    """

    images: Floats
    disparity: Floats
    digest: str


def read_stereo_pair() -> StereoPair:
    """The Motorcycle of Middlebury's stereo benchmark of 2014, 250 x 370 pixels here, by its published calibration.

    Disparities were measured for the left picture; a pixel of the right one shows the nearest of what they move to it. Source:
    Scharstein et al. 2014, as scikit-image ships it.

    Raises:
        UserError: scikit-image is not here, or not with its pictures.
    """
    try:
        from skimage.data import stereo_motorcycle

        left, right, measured = stereo_motorcycle()  # type: ignore[no-untyped-call]
    except (ImportError, OSError) as error:
        raise UserError(
            "Task 'stereo' reads pictures of scikit-image; run pip install 'paretoformer[data]'."
        ) from error
    disparity = np.where(np.isfinite(measured), measured, np.nan).astype(np.float32)
    return StereoPair(
        images=np.stack([_means(picture) for picture in (left, right)]),
        disparity=np.stack([_largest(each) / SHRUNK for each in (disparity, moved_right(disparity))]),
        digest=content_key(left.tobytes() + right.tobytes() + measured.tobytes()),
    )


def depth(disparity: Floats) -> Floats:
    """Metres ahead of the cameras of what is seen at a disparity."""
    return (FOCAL * BASELINE / (disparity + PRINCIPAL_APART)).astype(np.float32)


def moved_right(disparity: Floats) -> Floats:
    """Disparities (H, W) of a left picture at the pixels of the right one, the largest where several meet, nan where none."""
    rows, columns = np.nonzero(np.isfinite(disparity))
    found = disparity[rows, columns]
    to = np.rint(columns - found).astype(np.int64)
    inside = to >= 0
    moved = np.full(disparity.shape, -np.inf, np.float32)
    np.maximum.at(moved, (rows[inside], to[inside]), found[inside])
    return np.where(np.isfinite(moved), moved, np.nan).astype(np.float32)


def _means(picture: npt.NDArray[np.uint8]) -> Floats:
    """(H, W, 3) -> (3, H / SHRUNK, W / SHRUNK), rest left out."""
    return (_blocks(picture).mean((1, 3), dtype=np.float64) / 255).astype(np.float32).transpose(2, 0, 1)


def _largest(disparity: Floats) -> Floats:
    """(H, W) -> (H / SHRUNK, W / SHRUNK), rest left out: of the nearest thing that a block shows."""
    found: Floats = np.fmax.reduce(_blocks(disparity), axis=(1, 3))
    return found


def _blocks(picture: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """(H, W, ...) -> (H / SHRUNK, SHRUNK, W / SHRUNK, SHRUNK, ...)."""
    height, width = (side // SHRUNK for side in picture.shape[:2])
    cut = picture[: height * SHRUNK, : width * SHRUNK]
    return cut.reshape(height, SHRUNK, width, SHRUNK, *picture.shape[2:])

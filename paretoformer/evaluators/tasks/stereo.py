"""The points that both pictures of a real stereo pair show, in metres."""

import numpy as np
import numpy.typing as npt
import torch
from numpy.lib.stride_tricks import sliding_window_view

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.geometry.focal import pixel_places
from paretoformer.evaluators.geometry.point_maps import Scale, written
from paretoformer.evaluators.geometry.stereo_pair import FOCAL, StereoPair, depth, read_stereo_pair
from paretoformer.evaluators.geometry.task import TwoViewsTask, two_views
from paretoformer.evaluators.metric import Metric
from paretoformer.evaluators.metrics.point_distance import PointDistance
from paretoformer.evaluators.metrics.point_error import PointError
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.contract import Source

HEIGHT, WIDTH = 16, 32
"""Pixels of a crop; a band has as many rows, or twice as many."""

SHIFT = 16
"""Columns by which the right crop begins before the left one, so that both show what lies at a middle depth."""

BANDS = {
    Split.TRAIN: ((0, 32), (48, 64), (80, 112), (128, 144), (160, 192), (208, 224)),
    Split.VALIDATION: ((32, 48), (112, 128), (192, 208)),
    Split.TEST: ((64, 80), (144, 160), (224, 240)),
}
"""Rows, from and to, that crops of a split are cut from. What one picture shows in a row, the other shows in the same row."""

_EVERY = {Split.TRAIN: 5, Split.VALIDATION: 1, Split.TEST: 1}  # columns from one crop to the next
_KNOWN = 0.5  # share of a crop's pixels, at least, whose distance is known


@register_task("stereo")
class Stereo(TwoViewsTask):
    """Crops of both pictures of one scene, taken by two cameras 19.3 cm apart; a crop's middle is taken for the principal point.

    Splits are bands of rows, so that no pixel and no point of the scene is in two of them; but what the bands show is one room with
    one motorcycle. A small model knows the room by its colours, and gains nothing from the second picture that two seeds would tell
    from chance (docs/measured.md); matching of squares shows what is in it. Distances are asked in metres: the cameras are the
    same for all crops, and of a crop divided by its own mean distance little is left to tell.
    """

    about: About = About(
        title="crops of a real stereo pair, 16 x 32 in colour: the point that each pixel shows, in metres",
        data="Motorcycle of Middlebury's stereo benchmark of 2014, 741 x 500 pixels, as scikit-image ships it",
        licence="none stated; its authors ask to be cited (Scharstein et al. 2014)",
        baseline="point-distance 0.309 on validation by the most alike squares of 9 x 9 pixels in the same rows, 0.673 by ridge "
        "regression from the pixels of both, 0.741 by the mean map",
        papers=(12,),
    )
    metrics: tuple[Metric, ...] = (PointDistance(), PointDistance(1), PointDistance(2), PointError())
    signature: Signature = two_views(3, HEIGHT, WIDTH)
    recipe: Recipe = Recipe(criterion="pointmap:scale=metric", batch=32, learning_rate=4e-3, budget=32_768)
    scale: Scale = "metric"

    def __init__(self) -> None:
        pair = read_stereo_pair()
        splits = {split: _crops(pair, bands, _EVERY[split]) for split, bands in BANDS.items()}
        super().__init__(splits, data_hash=pair.digest)


def _crops(pair: StereoPair, bands: tuple[tuple[int, int], ...], every: int) -> Examples:
    """Crops of all heights of the bands; those that begin in one band and within one width of columns are a group."""
    tops = np.concatenate([np.arange(start, end - HEIGHT + 1) for start, end in bands])
    band = np.concatenate([np.full(end - start - HEIGHT + 1, start) for start, end in bands])
    lefts = np.arange(SHIFT, pair.disparity.shape[-1] - WIDTH + 1, every)
    (rows, columns), groups = np.meshgrid(tops, lefts, indexing="ij"), np.add.outer(band * 1_000, lefts // WIDTH)
    images, disparity = (
        np.stack([_windows(part[view])[..., rows, columns - view * SHIFT, :, :] for view in range(2)])
        for part in (pair.images, pair.disparity)
    )  # (2, 3, tops, lefts, HEIGHT, WIDTH) and the same without 3
    points = torch.from_numpy(_points(disparity)).flatten(2, 3).permute(2, 0, 1, 3, 4)
    kept = (~points.isnan()).flatten(1).float().mean(1) >= _KNOWN
    one, other = torch.from_numpy(images).flatten(2, 3).transpose(1, 2)[:, kept]
    return Examples(
        inputs=one.contiguous(),
        source=Source(other.contiguous()),
        targets=written(points[kept]),
        groups=torch.from_numpy(groups.reshape(-1))[kept],
    )


def _points(disparity: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Disparities of pixels (2, ..., H, W) -> points in the camera of the left crop (2, 3, ..., H, W)."""
    ahead = depth(disparity)
    across, down = pixel_places(HEIGHT, WIDTH).numpy().transpose(2, 0, 1)
    right = np.stack((np.broadcast_to(across, ahead.shape[1:]), across + disparity[1] - SHIFT))
    return np.stack((right * ahead / FOCAL, down * ahead / FOCAL, ahead), 1).astype(np.float32)


def _windows(maps: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(..., H, W) -> (..., rows, columns, HEIGHT, WIDTH)."""
    return sliding_window_view(maps, (HEIGHT, WIDTH), axis=(-2, -1))

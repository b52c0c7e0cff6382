"""A task of two views whose points are asked."""

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.geometry.point_maps import CHANNELS, Scale, normalised, read, written
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metric import Metric, OutputMetric
from paretoformer.evaluators.metrics.point_error import PointError
from paretoformer.evaluators.metrics.sure_point_error import SurePointError
from paretoformer.records.signature import DenseOutput, ImageInput, Signature


class TwoViewsTask(MemoryTask):
    """Two pictures; for each pixel of both the point that it shows, in the camera of the first, and how sure the model is."""

    metrics: tuple[Metric, ...] = (PointError(), PointError(1), PointError(2), SurePointError())
    scale: Scale = "normalised"

    def constant_scores(self) -> dict[str, float]:
        """Validation scores of `constant_output`."""
        examples, answer = self.examples(Split.VALIDATION), self.constant_output()
        return {metric.name: _score(metric, answer, examples) for metric in self.metrics}

    def constant_output(self) -> Tensor:
        """(2, 4, H, W), training's mean point of each pixel and view, as sure everywhere; each map is normalised before unless
        the scale is metric.
        """
        targets = self.examples(Split.TRAIN).targets
        points = read(targets.nan_to_num())
        if self.scale == "normalised":
            points = normalised(points, ~targets.isnan().any(2))
        mean = points.where(~targets.isnan(), torch.nan).nanmean(0).nan_to_num()
        return torch.cat((written(mean), torch.zeros_like(mean[:, :1])), 1)


def two_views(channels: int, height: int, width: int) -> Signature:
    """The signature of pictures of so many pixels."""
    image = ImageInput(channels=channels, height=height, width=width)
    return Signature(input=image, source=image, output=DenseOutput(channels=CHANNELS))


def _score(metric: Metric, answer: Tensor, examples: Examples) -> float:
    assert isinstance(metric, OutputMetric), "maps are neither generated nor compared in pairs"
    return metric.score(metric.parts(answer.expand(len(examples), *answer.shape), examples)).value

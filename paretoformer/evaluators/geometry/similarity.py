"""Moves of space that keep shapes: turned, scaled, shifted."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """A point p becomes scale * rotation p + shift. `scale` (...), `rotation` (..., 3, 3), `shift` (..., 3)."""

    scale: Tensor
    rotation: Tensor
    shift: Tensor

    def moved(self, points: Tensor) -> Tensor:
        """Points (..., n, 3) as they become; any number of n."""
        return self.scale[..., None, None] * points @ self.rotation.mT + self.shift[..., None, :]


def best_similarity(points: Tensor, onto: Tensor, weights: Tensor) -> Similarity:
    """The similarity that moves `points` onto `onto`, both (n, 3), with the least weighted sum of squared distances.

    The rotation is Kabsch's, by scipy; a mirror image is never taken for one. Weights are (n,), none below 0, some above.
    Source: Umeyama 1991; paper 12 registers pairs by it.
    """
    from scipy.spatial.transform import Rotation

    weights = weights.double() / weights.double().sum()
    middles = [(weights[:, None] * each.double()).sum(0) for each in (points, onto)]
    here, there = points.double() - middles[0], onto.double() - middles[1]
    found, _ = Rotation.align_vectors(there.numpy(), here.numpy(), weights=weights.numpy())
    rotation = torch.from_numpy(found.as_matrix().copy())
    turned = here @ rotation.T
    scale = (weights[:, None] * turned * there).sum() / (weights[:, None] * here.square()).sum().clamp_min(1e-12)
    shift = middles[1] - scale * rotation @ middles[0]
    kind = points.dtype
    return Similarity(scale=scale.to(kind), rotation=rotation.to(kind), shift=shift.to(kind))

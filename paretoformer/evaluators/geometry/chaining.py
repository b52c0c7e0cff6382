"""A first layout of a scene: pairs of views joined one to another, the surest first."""

from collections.abc import Iterator

import torch
from torch import Tensor

from paretoformer.evaluators.geometry.cameras import Cameras
from paretoformer.evaluators.geometry.focal import focal_length
from paretoformer.evaluators.geometry.layout import Layout
from paretoformer.evaluators.geometry.similarity import Similarity, best_similarity
from paretoformer.evaluators.geometry.view_pairs import ViewPairs

_NEAREST = 1e-3  # no depth is less


def chained(pairs: ViewPairs) -> Layout:
    """Each view placed by one pair that it shares with a view placed before; cameras then stand where their own maps say.

    The pairs are a spanning tree of the largest sum of scores, a pair's being the product of the mean weights of its views; the
    world is the surest pair's, but for its scale: the product of the pairs' scales is 1, as in an aligned one. Focal lengths
    and poses come from the surest pair of which a view is the first.
    Source: paper 12, section 3.4 and its supplement, whose poses come from projections.
    """
    scores = pairs.weights.mean((2, 3)).prod(1)
    world = _placed_points(pairs, scores)
    first = [_surest(pairs.views[:, 0] == view, scores) for view in range(pairs.count)]
    maps, weights = pairs.points[first, 0], pairs.weights[first, 0]  # (V, H, W, 3) and (V, H, W)
    own = [_fit(*each) for each in zip(maps, world, weights, strict=True)]
    rotation, position = torch.stack([each.rotation.T for each in own]), torch.stack([each.shift for each in own])
    cameras = Cameras(rotation=rotation, position=position)
    fits = [
        _fit(points, world[views], weight)
        for points, views, weight in zip(pairs.points, pairs.views, pairs.weights, strict=True)
    ]
    placed = Layout(
        cameras=cameras,
        focal=focal_length(maps, weights),
        depth=cameras.seen(world)[..., 2].clamp_min(_NEAREST),
        into_world=Similarity(
            scale=torch.stack([fit.scale for fit in fits]),
            rotation=torch.stack([fit.rotation for fit in fits]),
            shift=torch.stack([fit.shift for fit in fits]),
        ),
    )
    return placed.rescaled()


def joining_pairs(views: Tensor, scores: Tensor) -> Iterator[int]:
    """Numbers of the pairs, (E, 2) with scores (E,) above 0, that join all views with the largest sum, from the surest one on.

    Each but the first has one view that was in a pair before it. Of pairs of the same two views the surer is meant.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    best: dict[tuple[int, int], int] = {}
    for pair in scores.argsort().tolist():
        low, high = sorted(views[pair].tolist())
        best[low, high] = pair
    chosen = list(best.values())
    count = int(views.max()) + 1
    rank = scores[chosen].argsort(descending=True).argsort() + 1  # a tree depends on the order alone
    graph = coo_array((rank.numpy(), tuple(zip(*best, strict=True))), shape=(count, count))
    tree = minimum_spanning_tree(graph).tocoo()
    left = sorted((best[low, high] for low, high in zip(*tree.coords, strict=True)), key=lambda pair: -scores[pair])
    placed = set(views[left[0]].tolist())
    yield left.pop(0)
    while left:
        pair = next(pair for pair in left if placed & set(views[pair].tolist()))
        placed |= set(views[pair].tolist())
        left.remove(pair)
        yield pair


def _placed_points(pairs: ViewPairs, scores: Tensor) -> Tensor:
    """(V, H, W, 3) of the world."""
    world: dict[int, Tensor] = {}
    for pair in joining_pairs(pairs.views, scores):
        points, views = pairs.points[pair], pairs.views[pair].tolist()
        if world:
            side = 0 if views[0] in world else 1
            fit = _fit(points[side], world[views[side]], pairs.weights[pair, side])
            points = fit.moved(points.flatten(0, 2)).view_as(points)
        world = dict(zip(views, points, strict=True)) | world
    return torch.stack([world[view] for view in range(pairs.count)])


def _surest(among: Tensor, scores: Tensor) -> int:
    assert among.any(), "each view is the first of some pair"
    return int(scores.where(among, -1.0).argmax())


def _fit(points: Tensor, onto: Tensor, weights: Tensor) -> Similarity:
    return best_similarity(points.reshape(-1, 3), onto.reshape(-1, 3), weights.reshape(-1))

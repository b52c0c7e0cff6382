import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from paretoformer.evaluators.geometry.similarity import Similarity, best_similarity


def drawn(seed: int) -> Similarity:
    generator = torch.Generator().manual_seed(seed)
    return Similarity(
        scale=torch.empty((), dtype=torch.float64).uniform_(0.1, 10, generator=generator),
        rotation=torch.from_numpy(Rotation.random(rng=seed).as_matrix()),
        shift=3 * torch.randn(3, dtype=torch.float64, generator=generator),
    )


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 9_999))
def test_a_random_similarity_is_recovered_from_points_that_it_moved(seed: int) -> None:
    true = drawn(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    points = torch.randn(30, 3, dtype=torch.float64, generator=generator)
    found = best_similarity(points, true.moved(points), torch.rand(30, generator=generator) + 0.1)
    torch.testing.assert_close(found.scale, true.scale, rtol=1e-5, atol=0)
    torch.testing.assert_close(found.rotation, true.rotation, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.shift, true.shift, rtol=0, atol=1e-5 * float(true.scale + 3))


def test_points_that_weigh_nothing_change_nothing() -> None:
    true = drawn(0)
    points = torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    onto = true.moved(points)
    onto[::2] += 5
    weights = torch.ones(40)
    weights[::2] = 0
    torch.testing.assert_close(best_similarity(points, onto, weights).rotation, true.rotation, rtol=0, atol=1e-6)


def test_a_mirror_image_is_not_taken_for_a_turn() -> None:
    points = torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = best_similarity(points, points * torch.tensor((-1.0, 1, 1)), torch.ones(40))
    assert torch.linalg.det(found.rotation) > 0.999


def test_no_other_similarity_near_it_has_a_smaller_sum_of_squares() -> None:
    generator = torch.Generator().manual_seed(3)
    points, onto = (torch.randn(20, 3, dtype=torch.float64, generator=generator) for _ in range(2))
    weights = torch.rand(20, dtype=torch.float64, generator=generator)
    best = best_similarity(points, onto, weights)

    def cost(scale: torch.Tensor, turn: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        rotation = best.rotation @ torch.from_numpy(Rotation.from_rotvec(turn.numpy()).as_matrix())
        moved = Similarity(scale=scale, rotation=rotation, shift=shift).moved(points)
        return (weights[:, None] * (moved - onto).square()).sum()

    least = cost(best.scale, torch.zeros(3), best.shift)
    for step in 0.01 * torch.randn(50, 7, dtype=torch.float64, generator=generator):
        assert cost(best.scale + step[0], step[1:4], best.shift + step[4:]) > least

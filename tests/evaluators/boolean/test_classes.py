import numpy as np
import pytest

from paretoformer.evaluators.boolean.classes import CLASSES
from paretoformer.evaluators.boolean.learners import averaging, conjunction_learner, nearest_neighbour, null_learner
from paretoformer.evaluators.boolean.points import Lesson, all_true, any_true, literals, uniform_points
from paretoformer.evaluators.boolean.teaching import teaching_lesson

INPUTS = 8


def lesson(name: str, points: int = 24, count: int = 300) -> Lesson:
    return CLASSES[name](np.random.default_rng(0), count, points, INPUTS)


@pytest.mark.parametrize("name", CLASSES)
def test_points_and_labels_are_signs(name: str) -> None:
    drawn = lesson(name)
    assert drawn.points.shape == (300, 24, INPUTS) and drawn.labels.shape == drawn.asked.shape == (300, 24)
    assert set(np.unique(drawn.points)) == set(np.unique(drawn.labels)) == {-1, 1}


@pytest.mark.parametrize("name", [name for name in CLASSES if name != "nearest-neighbour"])
def test_equal_points_of_a_function_have_equal_labels(name: str) -> None:
    drawn = lesson(name, points=60, count=40)
    alike = (drawn.points[:, :, None] == drawn.points[:, None]).all(-1)
    assert (drawn.labels[:, :, None] == drawn.labels[:, None])[alike].all()


def test_de_morgan_leads_from_conjunctions_to_disjunctions() -> None:
    rng = np.random.default_rng(0)
    x, weights = uniform_points(rng, 50, 40, INPUTS), literals(rng, (50, INPUTS), 0.7)
    assert (any_true(x, weights) == -all_true(x, -weights)).all()
    literal_wise = ((x * weights[:, None]) == 1).any(-1)
    assert ((any_true(x, weights) == 1) == literal_wise).all()


def test_the_optimal_conjunction_learner_is_never_wrong_on_negatives_and_better_than_the_simple_ones() -> None:
    drawn = lesson("conjunction")
    found = conjunction_learner(drawn.points, drawn.labels)
    assert not ((found == 1) & (drawn.labels == -1)).any()
    shares = [
        (learner(drawn.points, drawn.labels) == drawn.labels)[:, -1].mean() for learner in (null_learner, averaging)
    ]
    assert (found == drawn.labels)[:, -1].mean() > max(shares)


def test_teaching_leaves_the_optimal_learner_no_mistake_after_its_first_point() -> None:
    drawn = teaching_lesson(np.random.default_rng(0), 300, 24, INPUTS)
    found = conjunction_learner(drawn.points, drawn.labels, positive=True)
    assert (found[:, 1:] == drawn.labels[:, 1:]).all()


def test_the_nearest_neighbour_knows_all_that_is_asked_of_its_class() -> None:
    drawn = lesson("nearest-neighbour")
    right = nearest_neighbour(drawn.points, drawn.labels) == drawn.labels
    assert right[drawn.asked].all() and drawn.asked.sum(1).tolist() == [12] * 300


def test_some_subset_explains_every_parity() -> None:
    drawn = lesson("parity", points=30, count=40)
    for x, y in zip((drawn.points + 1) // 2, (drawn.labels + 1) // 2, strict=True):
        subsets = (np.arange(2**INPUTS)[:, None] >> np.arange(INPUTS)) & 1
        assert ((subsets @ x.T % 2) == y).all(1).any()


def test_some_subset_explains_every_majority() -> None:
    drawn = lesson("majority", points=40, count=40)
    subsets = (np.arange(2**INPUTS)[:, None] >> np.arange(INPUTS)) & 1
    for x, y in zip(drawn.points, drawn.labels, strict=True):
        assert (np.where(subsets @ x.T > 0, 1, -1) == y).all(1).any()


def test_a_learner_reads_no_label_that_comes_later() -> None:
    drawn = lesson("dnf")
    changed = drawn.labels.copy()
    changed[:, 12:] *= -1
    for learner in (null_learner, nearest_neighbour, averaging, conjunction_learner):
        assert (learner(drawn.points, changed)[:, :13] == learner(drawn.points, drawn.labels)[:, :13]).all()

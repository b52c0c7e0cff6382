import pytest
import torch

from paretoformer.evaluators.emoji.families import family
from paretoformer.evaluators.emoji.pictures import read_pictures
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.packages import folder
from paretoformer.evaluators.tasks.emoji import Emoji
from paretoformer.records.errors import UserError


@pytest.fixture(scope="module")
def task() -> Emoji:
    try:
        return Emoji()
    except UserError as absent:
        pytest.skip(str(absent))


def names(task: Emoji, split: Split) -> list[str]:
    return [task.text(row) for row in task.examples(split).inputs.tolist()]


def test_families_share_no_split(task) -> None:
    pictures = read_pictures(folder("emoji"))
    families = dict(zip(pictures.names, map(family, pictures.emoji), strict=True))
    found = [{families[name] for name in names(task, split)} for split in Split]
    assert sum(map(len, found)) == len(set.union(*found)) > 1000


def test_no_picture_of_training_is_nearly_one_of_another_split(task) -> None:
    train, *others = (task.examples(split).source.inputs.flatten(1) for split in Split)
    for held_out in others:
        assert torch.cdist(held_out, train).min(1).values.quantile(0.01) > 2


def test_every_picture_is_there_once_with_its_own_name(task) -> None:
    pictures = read_pictures(folder("emoji"))
    dealt = [(split, row) for split in Split for row in range(len(task.examples(split)))]
    images = {task.examples(split).source.inputs[row].mul(255).round().byte().numpy().tobytes() for split, row in dealt}
    assert len(images) == len(dealt) == len(pictures.names)
    every = dict(zip(pictures.names, pictures.images, strict=True))
    validation = task.examples(Split.VALIDATION)
    for row, name in list(enumerate(names(task, Split.VALIDATION)))[:5]:
        assert torch.equal(validation.source.inputs[row].mul(255).round().byte(), every[name])


def test_look_alikes_are_resampled_together(task) -> None:
    validation = task.examples(Split.VALIDATION)
    assert len(validation.groups.unique()) < 0.8 * len(validation)


def test_perfect_vectors_find_everything_and_equal_ones_chance(task) -> None:
    validation, constant = task.examples(Split.VALIDATION), task.constant_scores()
    vectors = torch.eye(len(validation))
    for metric in task.metrics:
        if metric.name.startswith("recall"):
            assert metric.score(metric.parts(vectors, vectors, validation)).value == 1
            assert constant[metric.name] == pytest.approx(metric.first / len(validation))

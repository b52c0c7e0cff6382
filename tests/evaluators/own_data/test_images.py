import sys

import numpy as np
import pytest
import torch
from PIL import Image

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.own_data import images
from paretoformer.evaluators.own_data.path import task_from_path
from paretoformer.records.errors import UserError

SIZE = (5, 4)  # width, height


def picture(seed: int, mode: str = "L", size: tuple[int, int] = SIZE) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "pets"
    for name in ("cat", "dog"):
        (path / name).mkdir(parents=True)
        for number in range(12):
            picture(number + (100 if name == "dog" else 0)).save(path / name / f"{number}.png")
    return path


def all_inputs(task) -> torch.Tensor:
    return torch.cat([task.examples(split).inputs for split in Split])


def test_a_folder_of_folders_is_a_classification_task_of_its_name(folder) -> None:
    task = task_from_path(folder)
    given = task.signature.input
    assert (task.name, task.classes, given.channels, given.height, given.width) == ("pets", ("cat", "dog"), 1, 4, 5)


def test_pixels_come_back_from_zero_to_one_with_their_class(folder) -> None:
    task = task_from_path(folder)
    expected = {(np.asarray(Image.open(file)).tobytes(), file.parent.name) for file in folder.glob("*/*.png")}
    found = {
        ((image * 255).round().to(torch.uint8).numpy().tobytes(), task.classes[target])
        for part in map(task.examples, Split)
        for image, target in zip(part.inputs, part.targets.tolist(), strict=True)
    }
    assert found == expected


def test_one_image_in_two_folders_contradicts_itself(folder) -> None:
    picture(3).save(folder / "dog" / "again.png")
    told = task_from_path(folder).contradictions
    assert (told.examples, told.inputs, told.shown) == (2, 1, "cat/3.png is 'cat' and dog/again.png is 'dog'")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_one_colour_image_gives_all_three_channels(folder, mode) -> None:
    picture(7, mode).save(folder / "cat" / "7.png")
    inputs = all_inputs(task_from_path(folder))
    grey = (inputs[:, 0] == inputs[:, 1]).flatten(1).all(1)
    assert inputs.shape[1:] == (3, 4, 5) and int(grey.sum()) == 23


def test_sixteen_bit_grey_keeps_its_range(folder) -> None:
    deep = np.linspace(0, 65_535, 20).astype(np.uint16).reshape(4, 5)
    Image.fromarray(deep).save(folder / "cat" / "7.png")
    wanted = torch.from_numpy((deep >> 8).astype(np.float32) / 255)
    assert any(torch.equal(image[0], wanted) for image in all_inputs(task_from_path(folder)))


def test_other_files_and_hidden_folders_are_left_alone(folder) -> None:
    before = task_from_path(folder).data_hash
    (folder / "cat" / "Thumbs.db").write_bytes(b"x")
    (folder / ".cache").mkdir()
    (folder / "readme.txt").write_text("pets")
    assert task_from_path(folder).data_hash == before


def test_a_spec_opens_the_same_folder(folder) -> None:
    task = task_from_path(folder)
    assert task.spec == task_from_path(task.spec["path"]).spec


def test_equal_images_stay_in_one_split(folder) -> None:
    for number in range(6):
        picture(0).save(folder / "cat" / f"copy{number}.png")
    task = task_from_path(folder)
    copy = torch.from_numpy(np.asarray(picture(0)).astype(np.float32) / 255)
    assert sum(any(torch.equal(i[0], copy) for i in task.examples(split).inputs) for split in Split) == 1


def empty_a_class(path) -> None:
    for file in (path / "cat").iterdir():
        file.unlink()


def drop_a_class(path) -> None:
    empty_a_class(path)
    (path / "cat").rmdir()


def drop_all(path) -> None:
    for file in [*path.glob("*/*"), *path.iterdir()]:
        file.unlink() if file.is_file() else file.rmdir()


def leave_one(path) -> None:
    for number in range(11):
        (path / "cat" / f"{number}.png").unlink()


def leave_few(path) -> None:
    for file in path.glob("*/[123].png"):
        file.unlink()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: (path / "cat" / "3.png").write_bytes(b"no image"), r"cat/3.png' cannot be read as an image"),
        (lambda path: picture(3, size=(6, 4)).save(path / "dog" / "3.png"), r"dog/3.png' has 6 x 4 .* has 5 x 4"),
        (empty_a_class, r"cat' holds no image; images end in .png"),
        (drop_a_class, r"at least two classes, and has only 'dog'"),
        (drop_all, r"at least two classes, and has none; put images as pets/CLASS/IMAGE.png"),
        (leave_one, r"Class 'cat' of .* has a single image"),
        (leave_few, r"has 18 images, 18 of them distinct; .* at least 20"),
    ],
)
def test_a_folder_that_cannot_serve_is_refused(folder, spoil, sentence) -> None:
    spoil(folder)
    with pytest.raises(UserError, match=sentence):
        task_from_path(folder)


def test_more_images_than_memory_should_take_are_refused(folder, monkeypatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 100)
    with pytest.raises(UserError, match="24 images of 5 x 4 pixels"):
        task_from_path(folder)


def test_a_missing_pillow_names_the_extra(folder, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UserError, match=r"needs Pillow; run pip install 'paretoformer\[data\]'"):
        task_from_path(folder)


def test_a_folder_takes_no_columns(folder) -> None:
    with pytest.raises(UserError, match="is a folder of images and has no columns"):
        task_from_path(folder, "text=a,label=b")

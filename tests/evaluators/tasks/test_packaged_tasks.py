"""Tasks on packaged texts and images, read from small packages of our own."""

import random

import numpy as np
import pytest
import torch

from paretoformer.evaluators.brown_corpus import Tokens
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.packages import cache, package
from paretoformer.evaluators.packages.sets import brown as brown_set
from paretoformer.evaluators.tasks import tagging
from paretoformer.evaluators.word_shapes import SHAPES, shape
from paretoformer.records.errors import UserError

WORDS = ("The", "dog", "runs", "fast", "in", "Boston", "1961", "and", "sleeps", "well-known", "quietly", ".")
TAGS = ("at", "nn", "vbz", "rb", "in", "np-tl", "cd", "cc", "vbz-hl", "jj", "rb", ".")


@pytest.fixture
def put(monkeypatch, tmp_path):
    """Makes the folder of a package that is here."""
    monkeypatch.setenv("PARETOFORMER_DATA", str(tmp_path))

    def make(name: str):
        folder = cache.place(package(name))
        folder.mkdir(parents=True)
        return folder

    return make


@pytest.fixture
def corpus(put):
    """A Brown corpus of 20 documents of random words."""
    folder, draw = put("brown"), random.Random(0)
    for number in range(20):
        sentences = [draw.choices(range(len(WORDS)), k=draw.randint(3, 100)) for _ in range(20)]
        text = "\n".join(" ".join(f"{WORDS[i]}/{TAGS[i]}" for i in sentence) for sentence in sentences)
        (folder / f"ca{number:02}").write_text(text)
    (folder / "cats.txt").write_text("".join(f"ca{number:02} news\n" for number in range(20)))
    brown_set.convert(folder)
    return folder


@pytest.mark.parametrize("name", ["brown", "tagging", "sentiment", "fashion-mnist"])
def test_a_task_without_its_data_says_how_to_fetch_it(name, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PARETOFORMER_DATA", str(tmp_path))
    with pytest.raises(UserError, match="fetch it: paretoformer data add "):
        open_task(name)


def test_brown_asks_for_the_words_without_their_tags(corpus) -> None:
    task, text = open_task("brown"), (corpus / "words.txt").read_text().encode()
    inputs = torch.cat([task.examples(split).inputs for split in Split])
    assert len(inputs) > 20 and all(bytes(row.tolist()) in text + b"\n" for row in inputs)


def test_brown_deals_whole_documents(corpus) -> None:
    groups = [set(open_task("brown").examples(split).groups.tolist()) for split in Split]
    assert len(set.union(*groups)) == sum(map(len, groups)) == 20


@pytest.fixture
def tagged(corpus, monkeypatch):
    classes = sorted({tag.partition("-")[0] for tag in TAGS})
    output = tagging.LabelOutput(classes=len(classes))
    signature = tagging.Signature(input=tagging.Tagging.signature.input, output=output)
    monkeypatch.setattr(tagging.Tagging, "signature", signature)
    monkeypatch.setattr(tagging, "WORDS", len(SHAPES) + len(WORDS))
    return open_task("tagging")


def test_every_word_has_its_tag_without_marks(tagged) -> None:
    expected = {word: tag.partition("-")[0] for word, tag in zip(WORDS, TAGS, strict=True)}
    part = tagged.examples(Split.VALIDATION)
    there = part.targets >= 0
    found = {
        (int(word), tagged.classes[tag])
        for word, tag in zip(part.inputs[there].tolist(), part.targets[there].tolist(), strict=True)
    }
    assert len({word for word, _ in found}) == len(found) == len(WORDS)
    assert sorted(tag for _, tag in found) == sorted(expected.values())


def test_what_is_asked_ends_with_the_sentence(tagged) -> None:
    for split in Split:
        part = tagged.examples(split)
        assert torch.equal((part.targets >= 0).sum(1), part.lengths) and int(part.lengths.max()) <= tagging.LONGEST


def test_long_sentences_are_cut_to_pieces_that_together_are_the_sentence() -> None:
    lengths = np.array([3, tagging.LONGEST, 2 * tagging.LONGEST + 5])
    tokens = Tokens(
        words=np.zeros(0, int),
        tags=np.zeros(0, int),
        vocabulary=(),
        tagset=(),
        lengths=lengths,
        starts=np.cumsum(lengths) - lengths,
        documents=np.array([0, 1, 1]),
    )
    starts, pieces, documents = tagging._pieces(tokens)
    assert pieces.tolist() == [3, tagging.LONGEST, tagging.LONGEST, tagging.LONGEST, 5]
    assert (starts + pieces).tolist()[:-1] == starts.tolist()[1:] and documents.tolist() == [0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("1961", "figures"),
        ("3rd", "figures"),
        ("--", "signs"),
        ("Boston", "capital"),
        ("Boston's", "capital -'s"),
        ("Bostonians", "capital -s"),
        ("well-known", "hyphen"),
        ("running", "-ing"),
        ("nation", "-tion"),
        ("zoo", "other"),
    ],
)
def test_an_unknown_word_is_known_by_its_shape(word, expected) -> None:
    assert shape(word) == expected and expected in SHAPES


def test_every_word_has_a_shape_that_is_listed() -> None:
    draw = random.Random(0)
    words = ["".join(draw.choices("aeSstly-'1.", k=draw.randint(1, 8))) for _ in range(500)]
    assert {shape(word) for word in words} <= set(SHAPES)


@pytest.fixture
def ratings(put):
    """40 rated snippets, one of them there twice but for its capitals, one neutral."""
    folder = put("sentiment")
    rows = [f"{i}\t{(-1) ** i * (0.5 + i / 20)}\tsnippet number {i}" for i in range(40)]
    rows += ["40\t0.49\tneutral", "41\t2.0\tSnippet  Number 2"]
    (folder / "tweets_GroundTruth.txt").write_bytes("\n".join(rows).encode() + b"\n42\t-1\tcaf\xc3\xa9 \xe9\n")
    return folder


def texts(task) -> dict[str, int]:
    return {
        bytes(row[:length]).decode("latin-1"): target
        for part in map(task.examples, Split)
        for row, length, target in zip(part.inputs.tolist(), part.lengths.tolist(), part.targets.tolist(), strict=True)
    }


def test_the_sign_of_a_clear_rating_is_asked(ratings) -> None:
    found = texts(open_task("sentiment"))
    assert len(found) == 42 and "neutral" not in found
    assert all(found[f"snippet number {i}"] == (i % 2 == 0) for i in range(40))


def test_bytes_that_are_no_utf_8_stay_as_they_are(ratings) -> None:
    assert texts(open_task("sentiment"))[b"caf\xc3\xa9 \xe9".decode("latin-1")] == 0


def test_snippets_equal_but_for_capitals_and_spaces_are_one_group(ratings) -> None:
    task = open_task("sentiment")
    assert sum(len(task.examples(split).groups.unique()) for split in Split) == 41


@pytest.fixture
def clothes(put, monkeypatch):
    """60 and 10 images of noise; the first training image is in test too."""
    from paretoformer.evaluators.tasks import fashion_mnist

    monkeypatch.setattr(fashion_mnist, "_VALIDATION", 10)
    folder = put("fashion-mnist")
    images = np.random.default_rng(0).integers(0, 256, (70, 784), dtype=np.uint8)
    images[60] = images[0]
    labels = (np.arange(70) % 10).astype(np.uint8)
    for part, rows in (("train", slice(0, 60)), ("t10k", slice(60, 70))):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(b"\0" * 16 + images[rows].tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(b"\0" * 8 + labels[rows].tobytes())
    return images


def test_the_published_test_split_is_kept_and_training_has_none_of_it(clothes) -> None:
    task = open_task("fashion-mnist")
    sizes = {split.value: len(task.examples(split)) for split in Split}
    assert sizes == {"train": 49, "validation": 10, "test": 10}
    expected = torch.from_numpy(clothes[60:].astype(np.float32) / 255).reshape(10, 1, 28, 28)
    assert torch.equal(task.examples(Split.TEST).inputs, expected)
    assert task.examples(Split.TEST).targets.tolist() == list(range(10))

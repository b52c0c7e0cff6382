"""Mistakes: one sentence that names the value and the valid options, exit code 2, nothing left behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Said

Run = Callable[..., Said]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("serach", "digits"), "'serach' is not a command; commands: compare, data, devices, export"),
        (("search",), "Missing argument 'WHAT'"),
        (("search", "digts"), "'digts' is neither a task nor an existing path; tasks: addition, "),
        (("search", "digits", "--space", "vison"), "'vison' is neither a space nor a file; spaces: vision"),
        (("search", "digits", "--on", "cpuu"), "'cpuu' is not a device of this machine; it has cpu"),
        (("search", "digits", "--on", "cpu:tpu"), "cpu:tpu: 'tpu' is not a runtime of this device; it has "),
        (("search", "digits", "--on", "cpu::fp16"), "fp16"),
        (
            ("search", "digits", "--objectives", "acuracy, -latency"),
            "'acuracy' is neither a metric of digits nor a cost",
        ),
        (("search", "digits", "--objectives", "accuracy, latency"), "write -latency"),
        (("search", "digits", "--objectives", ""), "No objective was given; write for example"),
        (("search", "digits", "--objectives", "-accuracy"), "accuracy is better when higher; write accuracy"),
        (("search", "digits", "--subject-to", "latency <= 5 parsecs"), "'parsecs' in '5 parsecs' is not a unit"),
        (("search", "digits", "--subject-to", "params <= 10"), "params <= 10 cannot be met: the smallest found has"),
        (("search", "digits", "--engine", "tpee"), "'tpee' is not an engine; engines: nsga2, random, tpe."),
        (("search", "digits", "--executor", "ray"), "'ray' is not an executor; executors: local."),
        (("search", "digits", "--trials", "0"), "--trials is 0; it must be above 0."),
        (("search", "digits", "--trials", "-3"), "--trials is -3; it must be above 0."),
        (("search", "digits", "--trials", "2.5"), "'2.5' is not a whole number, which --trials takes. See"),
        (("search", "digits", "--hours", "two"), "'two' is not a number, which --hours takes. See"),
        (("show", "small", "abc"), "'abc' is not a whole number, which TRIAL takes. See"),
        (("search", "digits", "--subject-to", "latency < "), "'latency <' is not a constraint; write NAME <= BOUND"),
        (("search", "digits", "--subject-to", "  "), "'' is not a constraint; write NAME <= BOUND"),
        (("search", "digits", "--budget", "1" + "0" * 24), "it must be at most 1,000,000,000,000 examples"),
        (("search", "digits", "--hours", "0"), "--hours is 0; it must be above 0."),
        (("search", "digits", "--hours", "1e999"), "--hours is too large to be a number here"),
        (("search", "digits", "--subject-to", "params <= 1e999"), "'1e999' is too large to be a number here"),
        (("search", "digits", "--subject-to", "accuracy >= 95"), "'accuracy >= 95' is outside the range of accuracy"),
        (
            ("profile", "digits", "--subject-to", "macs >= 2k", "--subject-to", "macs <= 1k"),
            "macs >= 2 k and macs <= 1 k exclude each other",
        ),
        (("search", "digits", "--workers", "0"), "--workers is 0; it must be above 0."),
        (("search", "digits", "--budget", "0"), "The budget is 0; it must be above 0."),
        (("search", "digits", "--seed", "-1"), "The seed is -1"),
        (("search", "digits", "--study", " "), "A study needs a name that is not empty."),
        (("search", "python-docs", "--space", "vision"), "space vision needs a grid"),
        (("search", "digits", "--columns", "text=a"), "takes no columns"),
        (("search", "digits", "--storage", "mysql://u:secret@h/db"), "'mysql' is not a kind of database"),
        (("front", "nostudy"), "'nostudy' is not a study of"),
        (("show", "small", "77"), "Study small has no trial 77"),
        (("export", "small", "out", "--pick", "bset"), "'bset' is not a pick; picks: knee, best"),
        (("export", "small", "out", "--pick", "latency <= 1ns"), "latency is not known of this study"),
        (("export", "small", "out", "--to", "onx"), "'onx' is not a format; formats: safetensors."),
        (("verify", "nowhere"), "nowhere"),
        (("front", "small", "--plot", "front.docx"), "front.docx"),
        (("measure", "vit-tny"), "vit-tny"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    said = run(*arguments).sentence
    assert sentence in said
    assert "secret" not in said


FILES = {
    "empty.txt": b"",
    "binary.txt": b"\x9c\xff\x00" * 3000,
    "one.csv": b"text,label\n" + b"".join(b"word %d,x\n" % i for i in range(60)),
    "two.csv": b"a,b\n1,2\n",
    "broken.yaml": b"name: [a\n",
    "choice.yaml": b"name: c\ntitle: t\ntopology: encoder\nstem: patches\ndimensions:\n  encoder.depth: 1\n"
    b"  encoder.width: 8\n  encoder.mixer: [softmx]\n",
    "invalid.yaml": b"name: invalid\ntitle: t\ntopology: encoder\nstem: patches\ndimensions:\n  encoder.depth: 1\n"
    b"  encoder.width: 9\n  encoder.mixer: softmax\n  encoder.mixer.heads: [2, 4]\n",
    "control.yaml": b"name: \x19\n",
    "corrupt.db": b"\x13" * 8192,
}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothere.txt",), "'nothere.txt' is neither a task nor an existing path"),
        (("empty.txt",), "'empty.txt' is empty"),
        (("binary.txt",), "is not UTF-8 text: byte 0x9c at offset 0"),
        (("one.csv", "--columns", "text=text,label=label"), "has only one class, 'x'"),
        (("two.csv",), "its columns are a, b"),
        (("two.csv", "--columns", "text=review,label=b"), "has no column 'review'; its columns are a, b"),
        (("digits", "--space", "broken.yaml"), "broken.yaml is not valid YAML at line 2"),
        (("digits", "--space", "control.yaml"), "control.yaml is not valid YAML: unacceptable character #x0019"),
        (("digits", "--artifacts", "corrupt.db/x"), "The artefact folder corrupt.db/x cannot be written"),
        (("digits", "--space", "choice.yaml"), "'softmx' is not a mixer to choose; options: "),
        (("digits", "--space", "invalid.yaml"), "Space invalid has no valid point among 400 sampled"),
        (("digits", "--storage", "sqlite:///corrupt.db"), "'corrupt.db' is not an SQLite database"),
        (("digits", "--storage", "sqlite:///no/folder/x.db"), "no/folder"),
    ],
)
def test_a_file_that_cannot_serve_is_named_and_nothing_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    assert sentence in run("search", *arguments).sentence
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    ("arguments", "difference"),
    [
        (("--seed", "3"), "seed: 0, not 3"),
        (("--objectives", "accuracy, -params"), "objectives: accuracy, -macs, not accuracy, -params"),
        (("--space", "vision"), "space: small, not vision"),
        (("--budget", "512"), "recipe: budget 256, not budget 512. Resume"),
        (("--subject-to", "params <= 1M"), "constraints: none, not params <= 1 M"),
    ],
)
def test_resuming_another_search_is_refused_with_the_difference(
    run: Run, home: Path, arguments: tuple[str, ...], difference: str
) -> None:
    given = {"--objectives": "accuracy, -macs", "--budget": "256", "--study": "small", "--space": str(_space(home))}
    given |= dict(zip(arguments[::2], arguments[1::2], strict=True))
    line = [part for pair in given.items() for part in pair]
    assert difference in run("search", "digits", *line).sentence


def _space(home: Path) -> Path:
    import yaml

    from .conftest import SPACE

    file = home / "small.yaml"
    file.write_text(yaml.safe_dump(SPACE))
    return file


def test_a_process_ends_with_code_2_and_without_a_traceback(shell: Run) -> None:
    assert shell("search", "digits", "--engine", "tpee").sentence.startswith("'tpee' is not an engine")

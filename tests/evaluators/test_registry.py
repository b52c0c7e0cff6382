"""Tasks by name, with options, and from other packages."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from paretoformer.evaluators import registry as tasks
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.registry import PLUGINS, is_task, registered_task, task_names
from paretoformer.records import registry
from paretoformer.records.errors import UserError

PLUGIN = """
from dataclasses import dataclass
from typing import Literal

import torch

from paretoformer.evaluators.examples import Examples, Split
from paretoformer.evaluators.memory_task import MemoryTask
from paretoformer.evaluators.metrics.accuracy import Accuracy
from paretoformer.evaluators.registry import register_task
from paretoformer.evaluators.task import About
from paretoformer.records.errors import UserError
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import ClassOutput, Signature, TokenInput


@dataclass(frozen=True, kw_only=True)
class Options:
    longest: int = 4
    order: Literal["up", "down"] = "up"

    def __post_init__(self):
        if self.longest < 1:
            raise UserError(f"The longest is {self.longest}; it must be at least 1.")


@register_task("plugged")
class Plugged(MemoryTask):
    Options = Options
    about = About(title="", data="", licence="", baseline="")
    metrics = (Accuracy(),)
    recipe = Recipe()

    def __init__(self, options):
        self.signature = Signature(input=TokenInput(vocabulary=3, length=options.longest), output=ClassOutput(classes=3))
        tokens = torch.zeros(2, options.longest, dtype=torch.long)
        examples = Examples(inputs=tokens, targets=tokens[:, 0])
        super().__init__(dict.fromkeys(Split, examples), data_hash=f"{options.longest}")
"""


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package that offers the task `plugged`; gone again afterwards."""
    names = task_names()
    (tmp_path / "a_plugin_of_tasks.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    plugin = EntryPoint(name="mine", value="a_plugin_of_tasks", group=PLUGINS)
    monkeypatch.setattr(registry, "entry_points", lambda group: (plugin,) if group == PLUGINS else ())
    monkeypatch.setattr(tasks._TASKS, "_things", {name: tasks.task_class(name) for name in names})
    monkeypatch.setattr(tasks._TASKS, "_loaded", False)
    yield
    sys.modules.pop("a_plugin_of_tasks", None)


def test_a_task_of_another_package_is_opened_as_any_other(plugged: None) -> None:
    assert "plugged" in task_names() and is_task("plugged:longest=9")
    task = open_task("plugged:longest=9,order=down")
    assert (task.name, task.signature.input.length) == ("plugged:longest=9,order=down", 9)
    assert open_task(task.spec).name == task.name


def test_options_at_their_default_are_left_out_of_the_name(plugged: None) -> None:
    assert open_task("plugged:longest=4").name == open_task("plugged").name == "plugged"


def test_a_task_with_other_options_is_another_one_in_its_spec(plugged: None) -> None:
    with pytest.raises(UserError, match="data of 'plugged:longest=5' changed"):
        open_task({**open_task("plugged").spec, "task": "plugged:longest=5"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("plugged:length=3", "'length' is not an option of task plugged; its options: longest, order."),
        ("plugged:order=left", "The option 'order' of task plugged is 'left'; it must be one of up, down."),
        ("plugged:longest=0", "The longest is 0; it must be at least 1."),
        ("digits:longest=3", "'longest' is not an option of task digits; it has none."),
    ],
)
def test_options_that_a_task_does_not_have_are_said(plugged: None, text: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        open_task(text)
    assert str(caught.value) == sentence


def test_a_plugin_that_raises_is_named(plugged: None, tmp_path: Path) -> None:
    (tmp_path / "a_plugin_of_tasks.py").write_text("raise OSError('no disk')\n")
    with pytest.raises(
        UserError, match=r"plugin 'mine' \(a_plugin_of_tasks\) of paretoformer.tasks .* OSError: no disk"
    ):
        registered_task("digits")


@pytest.mark.parametrize(
    ("sound", "broken", "sentence"),
    [
        ("self.signature = ", "{}['a']; self.signature = ", "cannot be opened: KeyError: 'a'"),
        (
            "class Plugged(MemoryTask):",
            "class Plugged(MemoryTask):\n    def examples(self, split):\n        raise ValueError('no rows')\n",
            r"cannot be read \(train\): ValueError: no rows",
        ),
        (
            "tokens = torch.zeros(",
            "tokens = 3 + torch.zeros(",
            r"\(train\) has tokens 3 to 3, and its signature has a vocabulary of 3",
        ),
        ("dtype=torch.long", "dtype=torch.int32", r"\(train\) has tokens torch.int32"),
        (
            "zeros(2, options.longest",
            "zeros(2, 9",
            r"\(train\) has inputs of shape \(9,\), and its signature says at most \(4,\)",
        ),
        ("targets=tokens[:, 0]", "targets=tokens[:1, 0]", r"\(train\) has 2 inputs and 1 targets"),
        (
            "targets=tokens[:, 0]",
            "targets=tokens",
            r"\(train\) has targets of shape \(4,\) an example where \(\) is needed",
        ),
        (
            "targets=tokens[:, 0]",
            "targets=tokens[:, 0] + 3",
            r"\(train\) has targets 3 to 3 of torch.int64, and they are .* 0 to 2",
        ),
        ("examples = Examples(", "examples = dict(", r"\(train\) gives dict where Examples are needed"),
        (
            "metrics = (Accuracy(),)",
            "metrics = ('accuracy',)",
            r"has metrics \('accuracy',\) where a tuple of Metric is needed",
        ),
        ("recipe = Recipe()", "recipe = {}", "has recipe {} where one of kind Recipe"),
        (
            ', data_hash=f"{options.longest}")',
            ", data_hash=None)",
            "has data_hash None where one of kind str is needed",
        ),
        (
            "class Plugged(MemoryTask):",
            "class Plugged(MemoryTask):\n    spec = {'task': 'plugged'}\n",
            "has spec {'task': 'plugged'} where its name under task and its hash",
        ),
    ],
    ids=lambda value: value[:30],
)
def test_a_plugins_task_that_fails_is_named_with_what_it_raised(
    plugged: None, tmp_path: Path, sound: str, broken: str, sentence: str
) -> None:
    assert sound in PLUGIN
    (tmp_path / "a_plugin_of_tasks.py").write_text(PLUGIN.replace(sound, broken))
    with pytest.raises(UserError, match=f"Task plugged of a_plugin_of_tasks {sentence}|Task plugged {sentence}"):
        open_task("plugged").examples(Split.TRAIN)


def test_scores_of_a_plugins_constant_answer_are_looked_at(plugged: None, tmp_path: Path) -> None:
    broken = "class Plugged(MemoryTask):\n    def constant_scores(self):\n        return {}\n"
    (tmp_path / "a_plugin_of_tasks.py").write_text(PLUGIN.replace("class Plugged(MemoryTask):", broken))
    with pytest.raises(UserError, match=r"has constant_scores {} where a number is needed for each of accuracy"):
        open_task("plugged").constant_scores()

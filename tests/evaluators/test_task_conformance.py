"""What every registered task must do; a new file in tasks/ is tested by existing."""

import json
from functools import cache

import pytest
import torch
from torch.nn.functional import one_hot

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.registry import register_task, task_class, task_names
from paretoformer.evaluators.scoring import score
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, TokenInput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

every_task = pytest.mark.parametrize("name", task_names())


@cache
def opened(name: str) -> Task:
    return open_task(name)


def columns(task: Task) -> int:
    output = task.signature.output
    return output.classes if isinstance(output, ClassOutput) else output.vocabulary


@every_task
def test_listing_a_task_needs_no_data(name: str) -> None:
    task = task_class(name)
    assert all((task.about.title, task.about.data, task.about.licence)) and task.metrics and task.signature.digest


@every_task
def test_the_baseline_has_a_figure(name: str) -> None:
    assert any(character.isdigit() for character in task_class(name).about.baseline)


@every_task
def test_opening_twice_gives_the_same_examples(name: str) -> None:
    again = open_task(name)
    assert again.data_hash == opened(name).data_hash
    for split in Split:
        first, second = opened(name).examples(split), again.examples(split)
        assert torch.equal(first.inputs, second.inputs) and torch.equal(first.targets, second.targets)


@every_task
def test_no_input_is_in_two_splits(name: str) -> None:
    seen = [{row.numpy().tobytes() for row in opened(name).examples(split).inputs} for split in Split]
    assert len(set.union(*seen)) == sum(map(len, seen))


@every_task
def test_splits_have_their_shares(name: str) -> None:
    sizes = torch.tensor([len(opened(name).examples(split)) for split in Split], dtype=torch.float)
    torch.testing.assert_close(sizes / sizes.sum(), torch.tensor([0.70, 0.15, 0.15]), atol=0.03, rtol=0)


@every_task
@pytest.mark.parametrize("split", Split)
def test_shapes_fit_the_signature(name: str, split: Split) -> None:
    task = opened(name)
    examples, given = task.examples(split), task.signature.input
    if isinstance(given, TokenInput):
        assert examples.inputs.shape[1] <= given.length and int(examples.inputs.max()) < given.vocabulary
    else:
        assert examples.inputs.shape[1:] == (given.channels, given.height, given.width)
        assert examples.inputs.dtype == torch.float32 and 0 <= examples.inputs.min() <= examples.inputs.max() <= 1
    per_token = not isinstance(task.signature.output, ClassOutput)
    assert examples.targets.shape == (examples.inputs.shape[:2] if per_token else examples.inputs.shape[:1])
    assert int(examples.targets.max()) < columns(task)


@every_task
def test_the_perfect_answer_beats_the_constant_one_in_every_metric(name: str) -> None:
    task = opened(name)
    examples = task.examples(Split.VALIDATION).take(slice(0, 64))
    perfect = 100.0 * one_hot(examples.targets.clamp_min(0), columns(task)).float()
    for metric in task.metrics:
        best = score(*(part.numpy() for part in metric.parts(perfect, examples))).value
        constant = task.constant_scores()[metric.name]
        assert best < constant if metric.minimise else best > constant


@every_task
def test_a_spec_is_json_and_opens_an_equal_task(name: str) -> None:
    again = open_task(json.loads(json.dumps(opened(name).spec)))
    assert (again.spec, again.signature) == (opened(name).spec, opened(name).signature)


@every_task
def test_a_spec_of_other_data_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"data of '{name}' changed"):
        open_task({**opened(name).spec, "data_hash": "0" * 64})


@every_task
def test_a_name_is_registered_once(name: str) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register_task(name)(task_class(name))


def small(task: Task) -> Architecture:
    tokens = isinstance(task.signature.input, TokenInput)
    name = "encoder" if isinstance(task.signature.output, ClassOutput) else "decoder"
    norm = {"name": "layer"}
    block = [
        {"role": "mixer", "body": {"name": "softmax"}, "norm": norm},
        {"role": "feedforward", "body": {"name": "gelu"}, "norm": norm},
    ]
    stack = {"name": name, "width": 32, "position": {"name": "learned"}, "blocks": [block]}
    stem = {"name": "tokens" if tokens else "patches"}
    return Architecture.from_json({"topology": {"name": name}, "stem": stem, "stacks": [stack]})


@pytest.mark.slow
@every_task
def test_a_small_trained_model_beats_the_constant_answer(name: str, quarter_of_the_budget) -> None:
    task = opened(name)
    recipe = quarter_of_the_budget(task.recipe)
    for last in Trainer(build(small(task), task.signature, seed=0), task, recipe, seed=0).run():
        scores = last
    for metric, reached in zip(task.metrics, scores, strict=True):
        constant = task.constant_scores()[metric.name]
        assert reached.high < constant if metric.minimise else reached.low > constant

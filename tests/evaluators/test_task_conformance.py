"""What every registered task must do, with and without options; a new file in tasks/ is tested by existing."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from random import Random
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.generation import AFTER_END
from paretoformer.evaluators.metric import GeneratedMetric, Metric, OutputMetric, PairMetric
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.packages import package
from paretoformer.evaluators.registry import register_task, task_class, task_names
from paretoformer.evaluators.task import Task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.records.errors import UserError
from paretoformer.records.options import write_name
from paretoformer.records.signature import (
    ClassOutput,
    DenseOutput,
    ImageInput,
    Input,
    NumberOutput,
    SeriesInput,
    SeriesOutput,
    Signature,
    TokenInput,
    TokenOutput,
)
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

from .conftest import plain_architecture

FEWEST = {Split.TRAIN: 200, Split.VALIDATION: 50, Split.TEST: 50}
"""Examples that a split has at least."""
MOST = 128
"""Examples of which the perfect answer is scored."""
FAST_VARIANTS = 6
"""Variants by options that the fast suite opens, drawn by a fixed seed."""


def variants(name: str) -> Iterator[str]:
    """The task with one option changed: every word, the other truth; what the options refuse is none."""
    kind = task_class(name).Options
    if kind is None:
        return
    default, hints = kind(), get_type_hints(kind)
    for field in fields(kind):
        hint, value = hints[field.name], getattr(default, field.name)
        others = [not value] if hint is bool else get_args(hint) if get_origin(hint) is Literal else []
        for other in others:
            if other == value:
                continue
            try:
                yield write_name(name, replace(default, **{field.name: other}))
            except UserError:
                continue


def with_variants() -> list[Any]:
    every = [text for name in task_names() for text in variants(name)]
    fast = set(Random(0).sample(every, min(FAST_VARIANTS, len(every))))
    return [*task_names(), *(pytest.param(text, marks=() if text in fast else pytest.mark.slow) for text in every)]


def opened(what: str | dict[str, Any], kind: type[Task]) -> Task:
    """The task, or the test is skipped because its data is not on this machine: not where all of it was fetched before."""
    try:
        return open_task(what)
    except UserError as error:
        if kind.about.package is None or f"data add {kind.about.package}" not in str(error):
            raise
        missing = [program for program in package(kind.about.package).programs if shutil.which(program) is None]
        if os.environ.get("DATA_IS_HERE") == "true" and not missing:
            pytest.fail(str(error))
        pytest.skip(str(error))


every_task = pytest.mark.parametrize("name", task_names())


@pytest.fixture(scope="module", params=with_variants())
def text(request: pytest.FixtureRequest) -> str:
    """A task as users write it; tests of one stand together, so that few are held at once."""
    return request.param


@pytest.fixture(scope="module")
def task(text: str) -> Task:
    return opened(text, task_class(text.partition(":")[0]))


@pytest.fixture(scope="module")
def again(task: Task) -> Task:
    """Opened a second time, from its spec."""
    return opened(json.loads(json.dumps(task.spec)), type(task))


@every_task
def test_listing_a_task_needs_no_data(name: str) -> None:
    kind = task_class(name)
    assert all((kind.about.title, kind.about.data, kind.about.licence)) and kind.metrics
    assert kind.about.package is None or package(kind.about.package).licence


@every_task
def test_the_baseline_has_a_figure(name: str) -> None:
    assert any(character.isdigit() for character in task_class(name).about.baseline)


@every_task
def test_a_name_is_registered_once(name: str) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register_task(name)(task_class(name))


def test_a_spec_opens_an_equal_task_with_the_same_examples(task: Task, again: Task, text: str) -> None:
    assert (again.name, again.spec, again.signature, again.data_hash) == (
        text,
        task.spec,
        task.signature,
        task.data_hash,
    )
    for split in Split:
        for first, second in zip(tensors(task.examples(split)), tensors(again.examples(split)), strict=True):
            torch.testing.assert_close(first, second, rtol=0, atol=0, equal_nan=True)


def test_a_spec_of_other_data_is_refused(task: Task, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paretoformer.evaluators.open_task.registered_task", lambda name: task)
    with pytest.raises(UserError, match=f"data of '{text}' changed"):
        open_task({**task.spec, "data_hash": "0" * 64})


def test_no_example_is_in_two_splits(task: Task) -> None:
    seen = [contents(task.examples(split)) for split in Split]
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_every_split_has_enough_examples(task: Task) -> None:
    assert all(len(task.examples(split)) >= fewest for split, fewest in FEWEST.items())


@pytest.mark.parametrize("split", Split)
def test_inputs_and_sources_fit_the_signature(task: Task, split: Split) -> None:
    examples, signature = task.examples(split), task.signature
    check_input(examples.inputs, examples.lengths, signature.input)
    assert (examples.source is None) == (signature.source is None)
    if examples.source is not None:
        assert len(examples.source.inputs) == len(examples)
        check_input(examples.source.inputs, examples.source.lengths, signature.source)
    for beside in (examples.groups, examples.sizes):
        assert beside is None or (beside.shape, beside.dtype) == ((len(examples),), torch.long)


@pytest.mark.parametrize("split", Split)
def test_targets_fit_the_signature(task: Task, split: Split) -> None:
    examples, output = task.examples(split), task.signature.output
    count, columns = len(examples), output.columns
    if isinstance(output, DenseOutput):
        height, width = examples.inputs.shape[2:]
        assert examples.targets.shape[:2] == (count, 2) and examples.targets.shape[3:] == (height, width)
        assert examples.targets.shape[2] <= columns
    elif isinstance(output, NumberOutput):
        assert examples.targets.shape == (count, columns)
    elif isinstance(output, SeriesOutput):
        assert examples.targets.shape == (*examples.inputs.shape[:2], columns)
    else:
        of_tokens = not isinstance(output, ClassOutput)
        assert examples.targets.shape == (examples.inputs.shape[:2] if of_tokens else (count,))
        assert examples.targets.dtype == torch.long and int(examples.targets.max()) < columns
        assert (examples.targets[examples.targets != IGNORED] >= 0).all()
    assert asked(examples).reshape(count, -1).any(1).all()
    assert not examples.targets[asked(examples)].isinf().any()


@pytest.mark.parametrize("split", Split)
def test_nothing_is_asked_of_padding(task: Task, split: Split) -> None:
    examples = task.examples(split)
    if examples.lengths is None or not examples.of_tokens:
        pytest.skip("nothing is padded, or no token is asked")
    padding = torch.arange(examples.inputs.shape[1]) >= examples.lengths[:, None]
    assert not asked(examples)[padding].any()


@pytest.mark.parametrize("split", Split)
def test_where_the_next_token_is_asked_it_is_the_one_that_comes(task: Task, split: Split) -> None:
    if not isinstance(task.signature.output, TokenOutput):
        pytest.skip("no next token is asked")
    examples = task.examples(split)
    following, targets = examples.inputs[:, 1:], examples.targets[:, :-1]
    inside = targets != IGNORED
    if examples.lengths is not None:
        inside &= torch.arange(1, examples.inputs.shape[1]) < examples.lengths[:, None]
    assert torch.equal(targets[inside], following[inside])


def test_symbols_are_ids_of_the_vocabulary(task: Task) -> None:
    symbols = [getattr(task.symbols, field.name) for field in fields(task.symbols)]
    given = [symbol for symbol in symbols if symbol is not None]
    if given:
        assert isinstance(task.signature.input, TokenInput)
        assert len(set(given)) == len(given) and all(0 <= symbol < task.signature.input.vocabulary for symbol in given)


def test_the_perfect_answer_beats_the_constant_one_in_every_metric(task: Task) -> None:
    examples = task.examples(Split.VALIDATION)
    if examples.sizes is None:  # else a metric may ask for one size alone
        examples = examples.take(slice(0, MOST))
    constants = task.constant_scores()
    assert constants.keys() == {metric.name for metric in task.metrics}
    for metric in task.metrics:
        best, constant = metric.score(perfect_parts(metric, task, examples)).value, constants[metric.name]
        assert best < constant if metric.minimise else best > constant, metric.name
        assert metric.least <= constant <= metric.most and metric.least <= best <= metric.most, metric.name


def test_a_plain_model_serves_it_and_its_own_recipe_can_train_it(task: Task) -> None:
    model = build(small(task), task.signature, seed=0)
    batch = task.examples(Split.TRAIN).take(slice(0, 4)).trimmed()
    for name in filter(None, (task.recipe.criterion, task.recipe.pretraining)):
        assert list(criterion(name).problems(task)) == []
        loss = criterion(name).bind(model, task)(batch, torch.Generator().manual_seed(0))
        loss.backward()
        assert loss.shape == () and loss.isfinite()


@pytest.mark.slow
def test_a_small_trained_model_beats_the_constant_answer(task: Task, text: str, quarter_of_the_budget) -> None:
    if text not in task_names():
        pytest.skip("proven without options")
    metric, constant = task.metrics[0], task.constant_scores()[task.metrics[0].name]
    for recipe in (quarter_of_the_budget(task.recipe), task.recipe):
        *_, last = Trainer(build(small(task), task.signature, seed=0), task, recipe, seed=0).run()
        reached = next(score for score in last if score.metric == metric.name)
        if reached.high < constant if metric.minimise else reached.low > constant:
            return
    pytest.fail(f"{metric.name} is {reached.value} ({reached.low} to {reached.high}), and {constant} without looking")


def tensors(examples: Examples) -> list[Tensor]:
    source = () if examples.source is None else (examples.source.inputs, examples.source.lengths)
    parts = (examples.inputs, examples.targets, examples.lengths, examples.groups, examples.sizes, *source)
    return [part for part in parts if part is not None]


def contents(examples: Examples) -> set[bytes]:
    """What is given in each example, without padding: input and source."""
    sides = [(examples.inputs, examples.lengths)]
    if examples.source is not None:
        sides.append((examples.source.inputs, examples.source.lengths))
    rows = [
        [row.numpy().tobytes() for row in inputs]
        if lengths is None
        else [row[:length].numpy().tobytes() for row, length in zip(inputs, lengths.tolist(), strict=True)]
        for inputs, lengths in sides
    ]
    return {b"|".join(parts) for parts in zip(*rows, strict=True)}


def asked(examples: Examples) -> Tensor:
    return ~examples.targets.isnan() if examples.targets.is_floating_point() else examples.targets != IGNORED


def check_input(inputs: Tensor, lengths: Tensor | None, given: Input | None) -> None:
    if isinstance(given, TokenInput):
        assert inputs.dtype == torch.long and inputs.dim() == 2 and inputs.shape[1] <= given.length
        assert int(inputs.min()) >= 0 and int(inputs.max()) < given.vocabulary
    elif isinstance(given, SeriesInput):
        assert inputs.dtype == torch.float32 and inputs.isfinite().all()
        assert inputs.shape[1] <= given.length and inputs.shape[2:] == (given.channels,)
    else:
        assert isinstance(given, ImageInput) and lengths is None
        assert inputs.shape[1:] == (given.channels, given.height, given.width)
        assert inputs.dtype == torch.float32 and 0 <= inputs.min() <= inputs.max() <= 1
    if lengths is not None:
        assert lengths.shape == (len(inputs),) and lengths.dtype == torch.long
        assert int(lengths.min()) >= 1 and int(lengths.max()) <= inputs.shape[1]


def perfect_parts(metric: Metric, task: Task, examples: Examples) -> Tensor:
    match metric:
        case OutputMetric():
            return metric.parts(perfect_outputs(task.signature, examples), examples)
        case GeneratedMetric():
            return metric.parts(perfect_continuations(examples, task.symbols.end), examples)
        case PairMetric():
            own = torch.eye(len(examples))
            return metric.parts(own, own, examples)
    raise AssertionError(f"{metric.name} reads nothing that is known")


def perfect_outputs(signature: Signature, examples: Examples) -> Tensor:
    """The targets as a model would give them; what else a pixel is told is 0."""
    columns, targets = signature.output.columns, examples.targets
    if isinstance(signature.output, DenseOutput):
        rest = targets.new_zeros(*targets.shape[:2], columns - targets.shape[2], *targets.shape[3:])
        return torch.cat((targets.nan_to_num(), rest), 2)
    if targets.is_floating_point():
        return targets.nan_to_num()
    return 100.0 * one_hot(targets.clamp_min(0), columns).float()


def perfect_continuations(examples: Examples, end: int | None) -> Tensor:
    rows = [row[row != IGNORED] for row in examples.targets]
    longest = max(map(len, rows))
    found = torch.full((len(rows), longest), AFTER_END)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found if end is None else found.masked_fill((found == end).cumsum(1) > 0, AFTER_END)


def small(task: Task) -> Architecture:
    """A plain one that serves the task; one that compares texts with sources where a metric asks for that."""
    pairs = any(isinstance(metric, PairMetric) for metric in task.metrics)
    return plain_architecture(task.signature, "dual" if pairs else None)

"""What is looked at in other packages' tasks holds for every task of ours."""

from dataclasses import replace

import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.foreign_checks import contract_faults, example_faults, score_faults
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.registry import task_class, task_names

GENERATED = [name for name in task_names() if task_class(name).about.package is None]


@pytest.mark.parametrize("name", GENERATED)
def test_nothing_is_found_wrong_with_a_task_of_ours(name) -> None:
    task = open_task(name)
    assert not list(contract_faults(task))
    assert not list(score_faults(task, task.constant_scores()))
    assert not [fault for split in Split for fault in example_faults(task, task.examples(split))]


def test_numbers_that_are_none_are_told() -> None:
    task = open_task("digits")
    found = task.examples(Split.TRAIN)
    (fault,) = example_faults(task, replace(found, inputs=found.inputs / 0))
    assert fault == "has inputs that are nan or infinite"


def test_a_split_without_an_example_and_lengths_beyond_the_inputs_are_told() -> None:
    task = open_task("copy")
    found = task.examples(Split.TRAIN)
    assert list(example_faults(task, found.take(slice(0)))) == ["has no example"]
    long = replace(found, lengths=torch.full((len(found),), 999))
    (fault,) = example_faults(task, long)
    assert fault == f"has lengths 999 to 999, and its inputs are {found.inputs.shape[1]} long"


@pytest.mark.parametrize("scores", [{}, {"accuracy": float("nan")}, {"accuracy": "high"}, [0.5]])
def test_scores_that_are_no_numbers_are_told(scores) -> None:
    (fault,) = score_faults(open_task("digits"), scores)
    assert fault.endswith("where a number is needed for each of accuracy")


def test_what_a_spec_stands_on_is_told_before_it() -> None:
    task = open_task("digits")
    del task.data_hash
    assert list(contract_faults(task)) == ["has data_hash None where one of kind str is needed"]

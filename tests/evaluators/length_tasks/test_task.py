from functools import cache

import pytest
import torch

from paretoformer.evaluators.evaluation import evaluate
from paretoformer.evaluators.examples import IGNORED, Split
from paretoformer.evaluators.length_tasks.dealing import HELD_OUT
from paretoformer.evaluators.length_tasks.task import LengthTask
from paretoformer.evaluators.length_tasks.text_form import END
from paretoformer.evaluators.registry import registered_task, task_class
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

DEFAULTS = ("copy", "reverse", "addition", "summation", "sorting", "parity", "polynomial", "lego", "scan", "pcfg")
VARIANTS = (
    *("copy:variant=rdc", "sorting:variant=multi,longest=3"),
    *("addition:scratchpad=full,longest=2", "parity:scratchpad=minimal"),
)
every_task = pytest.mark.parametrize("name", (*DEFAULTS, *VARIANTS))


@cache
def opened(name: str) -> LengthTask:
    task = registered_task(name)
    assert isinstance(task, LengthTask)
    return task


@every_task
def test_no_prompt_is_in_two_splits_or_twice_in_one(name: str) -> None:
    prompts = [each.prompt for split in Split for each in opened(name).instances[split]]
    assert len(set(prompts)) == len(prompts)


@every_task
def test_training_has_no_size_beyond_the_longest(name: str) -> None:
    task = opened(name)
    assert task.examples(Split.TRAIN).sizes.max() == task.form.longest


@every_task
@pytest.mark.parametrize("split", [Split.VALIDATION, Split.TEST])
def test_every_size_up_to_twice_the_longest_is_scored(name: str, split: Split) -> None:
    task = opened(name)
    sizes, counts = task.examples(split).sizes.unique(return_counts=True)
    asked = {int(metric.name[12:-1]) for metric in task.metrics if metric.name.startswith("exact-match[")}
    assert set(sizes.tolist()) == asked and max(asked) == 2 * task.form.longest
    assert counts.min() >= 1 and counts.max() == HELD_OUT


@every_task
def test_the_first_examples_have_every_size(name: str) -> None:
    examples = opened(name).examples(Split.VALIDATION)
    assert set(examples.sizes[:64].tolist()) == set(examples.sizes.tolist())


@every_task
def test_only_the_answer_and_its_end_are_asked(name: str) -> None:
    task = opened(name)
    examples = task.examples(Split.TEST)
    for row in range(0, len(examples), 97):
        instance, targets = task.instances[Split.TEST][row], examples.targets[row]
        wanted = targets[targets != IGNORED].tolist()
        assert wanted[-1] == END and task.text(wanted) == task.form.continuation(instance)
        length = int(examples.lengths[row])
        assert task.text(examples.inputs[row, :length].tolist()) == f"{instance.prompt} {task.text(wanted)}"
        assert int(examples.asked_from[row]) == len(instance.prompt.split()) - 1 and (targets[length:] == IGNORED).all()


@every_task
def test_a_target_is_the_token_after(name: str) -> None:
    examples = opened(name).examples(Split.TRAIN)
    following, targets = examples.inputs[:, 1:], examples.targets[:, :-1]
    asked = (targets != IGNORED) & (targets != END)
    assert torch.equal(following[asked], targets[asked])


@every_task
def test_every_sequence_begins_alike(name: str) -> None:
    task = opened(name)
    assert all((task.examples(split).inputs[:, 0] == task.symbols.begin).all() for split in Split)


@pytest.mark.parametrize("name", ["copy", "addition:scratchpad=full,longest=2", "scan"])
def test_opening_twice_gives_the_same_task(name: str) -> None:
    again = registered_task(name)
    assert again.data_hash == opened(name).data_hash and again.signature == opened(name).signature
    assert all(torch.equal(again.examples(split).inputs, opened(name).examples(split).inputs) for split in Split)


@pytest.mark.parametrize("name", ["copy:variant=rsc2x", "addition:longest=2", "parity:scratchpad=co"])
def test_other_options_are_other_data(name: str) -> None:
    assert registered_task(name).data_hash != opened(name.partition(":")[0]).data_hash


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_class_says_what_the_default_has(name: str) -> None:
    kind, task = task_class(name), opened(name)
    assert kind.signature == task.signature and kind.symbols == task.symbols
    assert [metric.name for metric in kind.metrics] == [metric.name for metric in task.metrics]


@pytest.mark.parametrize(("name", "share"), [("parity", 0.5), ("lego", 0.5), ("summation", 0.1), ("copy", 0.0)])
def test_a_constant_answer_is_right_by_chance(name: str, share: float) -> None:
    scores = opened(name).constant_scores()
    assert scores["exact-match"] == pytest.approx(share, abs=0.1)
    assert scores["beyond"] == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("name", ["copy:longest=33", "parity:longest=4", "lego:longest=27", "scan:longest=25"])
def test_sizes_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"The longest trained size is \d+; it must be from \d to \d\d\."):
        registered_task(name)


@pytest.mark.parametrize("name", ["copy:symbols=3", "reverse:symbols=5000"])
def test_numbers_of_symbols_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"The number of symbols is \d+; it must be from 10 to 1000\."):
        registered_task(name)


@pytest.mark.parametrize("name", ["parity:longest=5", "parity:scratchpad=co,longest=5"])
def test_a_model_is_scored_by_every_metric(name: str) -> None:
    task = registered_task(name)
    block = [
        {"role": role, "body": body, "norm": "layer"} for role, body in (("mixer", "softmax"), ("feedforward", "gelu"))
    ]
    stack = {"name": "decoder", "width": 16, "position": "none", "blocks": [block]}
    architecture = Architecture.from_json({"topology": "decoder", "stem": "tokens", "stacks": [stack]})
    model = build(architecture, task.signature, seed=0).eval()
    parts = evaluate(model, task, Split.VALIDATION, device=torch.device("cpu"))
    assert set(parts) == {metric.name for metric in task.metrics}
    assert all(0 <= metric.score(parts[metric.name]).value <= 1 for metric in task.metrics)


@pytest.mark.parametrize("name", ["addition:scratchpad=full,longest=2", "parity:scratchpad=minimal"])
def test_what_is_wanted_is_right_when_generated(name: str) -> None:
    task = opened(name)
    examples = task.examples(Split.VALIDATION)
    rows = [row[row != IGNORED][:-1].tolist() for row in examples.targets]
    longest = max(map(len, rows))
    generated = torch.tensor([row + [-1] * (longest - len(row)) for row in rows])
    assert all(metric.score(metric.parts(generated, examples)).value == 1 for metric in task.metrics)

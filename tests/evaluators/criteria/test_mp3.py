import math
from dataclasses import replace

import pytest
import torch

from paretoformer.evaluators.criteria.mp3 import drawn_order
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import IGNORED, Examples, Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.phase import Phase
from paretoformer.evaluators.trainer import Trainer
from paretoformer.evaluators.unplaced import knows_order, unplaced_stack, without_positions
from paretoformer.records.errors import UserError
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("position", ["learned", "rotary", "t5"])
def test_the_stack_without_positions_has_the_models_own_weights(toy, small, position) -> None:
    task = toy("image")
    model = small(task, position=position)
    stack = unplaced_stack(model)
    own = {id(parameter) for parameter in model.parameters()}
    assert all(id(parameter) in own for parameter in stack.parameters())
    bare = build(without_positions(model.architecture), task.signature, seed=0)
    bare.load_state_dict({name: model.state_dict()[name] for name in bare.state_dict()})
    x = torch.randn(2, 16, 16, generator=drawn())
    torch.testing.assert_close(stack(x), bare.stack(x))


def test_positions_of_branches_are_left_out_as_well(toy, small) -> None:
    model = small(toy("image"), position="none", own="rotary")
    assert not knows_order(unplaced_stack(model), 16, 16) and knows_order(model.stack, 16, 16)


def test_a_token_that_is_not_read_changes_nothing_but_its_own_answer(toy, small) -> None:
    model = small(toy("image"))
    stack = unplaced_stack(model).eval()
    x, read = torch.randn(1, 16, 16, generator=drawn()), torch.tensor([4])
    changed = x.clone()
    changed[:, 9] = torch.randn(16, generator=drawn(1))
    differ = (stack(x, read) - stack(changed, read)).abs().amax(-1)[0] > 1e-6
    assert differ.nonzero().flatten().tolist() == [9]


def test_read_tokens_are_a_share_of_the_valid_ones_in_an_order_drawn_for_each() -> None:
    lengths = torch.tensor([8, 7, 5, 3, 1])
    order, read = drawn_order(torch.Size((5, 8)), lengths, 0.75, drawn())
    assert read.tolist() == [2, 2, 1, 1, 1]  # 2, 1.75, 1.25, 0.75 and at least 1
    for row, length in zip(order, lengths.tolist(), strict=True):
        assert sorted(row[:length].tolist()) == list(range(length)) and (row[length:] == IGNORED).all()


@pytest.mark.parametrize(("eta", "keys"), [(0.25, 12), (0.75, 4)])
def test_the_share_of_keys_follows_eta(toy, small, eta, keys) -> None:
    task = toy("image")
    objective = criterion(f"mp3:eta={eta}").bind(small(task), task)
    given = []
    objective._stack[0].register_forward_pre_hook(lambda stack, arguments: given.extend(arguments[1].tolist()))
    batch = task.examples(Split.TRAIN)
    objective(batch, drawn())
    assert given == [keys] * len(batch)


def test_untrained_it_costs_about_the_log_of_the_places(toy, small) -> None:
    task = toy("image")
    loss = criterion("mp3").bind(small(task), task)(task.examples(Split.TRAIN), drawn())
    assert loss.item() == pytest.approx(math.log(16), rel=0.3)


@pytest.mark.parametrize("form", ["image", "classes"])
def test_stem_and_blocks_are_trained_and_positions_and_head_are_not(toy, small, form) -> None:
    task = toy(form)
    model = small(task)
    criterion("mp3").bind(model, task)(task.examples(Split.TRAIN), drawn()).backward()
    without = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    assert without and all(name.startswith(("head.", "stack.position.")) for name in without)


def test_equal_patches_are_told_apart_by_nothing(toy, small) -> None:
    task = toy("image")
    blank = Examples(inputs=torch.ones(4, 1, 8, 8), targets=torch.zeros(4, dtype=torch.long))
    objective = criterion("mp3:eta=0").bind(small(task), task)
    assert objective(blank, drawn()).item() >= math.log(16) - 1e-5


@pytest.mark.parametrize(
    "mixer", [{"name": "pooling"}, {"name": "depthwise"}, {"name": "window", "heads": 2, "window": 4}]
)
def test_mixers_that_know_the_order_are_refused(toy, small, mixer) -> None:
    task = toy("image")
    with pytest.raises(UserError, match=rf"of its mixers \({mixer['name']}\) or norms"):
        criterion("mp3").bind(small(task, mixer=mixer), task)


def test_mixers_that_read_a_set_are_taken(toy, small) -> None:
    task = toy("image")
    assert criterion("mp3").bind(small(task, mixer={"name": "linear", "heads": 2}), task)


def test_overlapping_patches_are_refused(toy, small) -> None:
    task = toy("image")
    with pytest.raises(UserError, match="kernel of 4"):
        criterion("mp3").bind(small(task, stem={"name": "patches", "size": 2, "kernel": 4}), task)


def test_a_causal_stack_is_refused(toy, small) -> None:
    task = toy("classes")
    with pytest.raises(UserError, match="use encoder"):
        criterion("mp3").bind(small(task, topology="decoder"), task)
    assert "seen as a whole" in next(criterion("mp3").problems(toy("next")))


def test_a_share_that_leaves_no_key_is_refused() -> None:
    with pytest.raises(UserError, match="below 1"):
        criterion("mp3:eta=1")


def test_it_learns_places_that_the_patches_tell(toy, small) -> None:
    task = toy("image")
    place = torch.arange(16).reshape(4, 4).repeat_interleave(2, 0).repeat_interleave(2, 1)
    batch = Examples(inputs=(place / 4).expand(16, 1, 8, 8), targets=torch.zeros(16, dtype=torch.long))
    model = small(task)
    objective = criterion("mp3:eta=0.5").bind(model, task)
    optimiser = torch.optim.Adam([*model.parameters(), *objective.parameters()], lr=1e-2)
    for step in range(60):
        optimiser.zero_grad()
        loss = objective(batch, drawn(step))
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.5 * math.log(16)


def test_it_is_a_pretraining_before_the_task(toy, small) -> None:
    task = toy("image")
    (scores,) = Trainer(small(task), task, replace(task.recipe, pretraining="mp3"), seed=0, rungs=1).run()
    assert math.isfinite(scores[0].value)


@pytest.mark.slow
def test_without_positions_it_is_a_better_beginning_than_none_where_labels_are_few() -> None:
    """Paper 29's claim in small: digits, 100 labels, all images to pre-train on; measured .456, .493, .470 beside .404, .448, .452."""
    task, few = open_task("digits"), open_task("digits")
    train = few.examples(Split.TRAIN)
    few._splits |= {Split.TRAIN: train.take(torch.randperm(len(train), generator=drawn())[:100])}
    norm = {"name": "layer"}
    mixing = {"role": "mixer", "body": {"name": "softmax", "heads": 4}, "norm": norm}
    block = [mixing, {"role": "feedforward", "body": {"name": "gelu", "ratio": 2}, "norm": norm}]
    stack = {"name": "encoder", "width": 64, "position": {"name": "none"}, "blocks": [block] * 4}
    given = {"topology": {"name": "encoder"}, "stem": {"name": "patches", "size": 2}, "stacks": [stack]}

    def accuracy(seed: int, steps: int) -> float:
        model = build(Architecture.from_json(given), task.signature, seed=seed)
        recipe = replace(task.recipe, batch=64, learning_rate=1e-3)
        phase = Phase("mp3", model.train(), task, recipe, steps=steps, seed=seed)
        for _ in range(steps):
            phase.take_step(torch.device("cpu"))
        tuning = replace(task.recipe, batch=50, learning_rate=2e-3, budget=50 * 300)
        (scores,) = Trainer(model, few, tuning, seed=seed, rungs=1).run()
        return scores[0].value

    begun, fresh = (sum(accuracy(seed, steps) for seed in range(3)) / 3 for steps in (1000, 0))
    assert begun > fresh

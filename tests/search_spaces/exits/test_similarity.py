"""Leaving a stack early."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.registry import config_from_json


@pytest.fixture
def encoder(places):
    """Four blocks that may be left out, and ids to read."""
    whole = places.assembled(
        depth=4, topology=places.default("topology", "encoder"), stem=places.default("stem", "tokens")
    )
    stack = replace(whole.stacks[0], exit=config_from_json("exit", "similarity"))
    architecture, signature = replace(whole, stacks=(stack,)), places.signatures["text-class"]
    return architecture, build(architecture, signature, seed=0).double().eval(), places.inputs_for(signature)


def blocks_run(model, inputs) -> int:
    ran = []
    hooks = [branch.body.register_forward_hook(lambda *_: ran.append(1)) for branch in model.stack.branches]
    with torch.no_grad():
        model(inputs)
    for hook in hooks:
        hook.remove()
    return len(ran) // 2


def test_no_block_is_left_out_until_a_threshold_is_set(encoder) -> None:
    _, model, inputs = encoder
    assert blocks_run(model, inputs) == 4


def test_the_lower_the_threshold_the_fewer_blocks_run(encoder) -> None:
    _, model, inputs = encoder
    ran = []
    for threshold in (1.0, 0.99, 0.9, 0.5, -1.0):
        model.stack.exit.threshold = threshold
        ran.append(blocks_run(model, inputs))
    assert ran == sorted(ran, reverse=True) and (ran[0], ran[-1]) == (4, 1)


def test_nothing_is_asked_after_the_last_block(encoder, monkeypatch) -> None:
    _, model, inputs = encoder
    asked: list[bool] = []
    monkeypatch.setattr(model.stack.exit, "leaves", lambda before, after, context: bool(asked.append(True)))
    assert blocks_run(model, inputs) == 4
    assert len(asked) == 3


def test_every_block_runs_in_training(encoder) -> None:
    _, model, inputs = encoder
    model.stack.exit.threshold = -1.0
    assert blocks_run(model.train(), inputs) == 4


def test_padding_has_no_say(encoder) -> None:
    _, model, inputs = encoder
    similarity, context = model.stack.exit, model.stack.context(torch.tensor([3]))
    before = torch.ones(1, 5, 4)
    after = before.clone()
    after[:, 3:] = -50.0
    similarity.threshold = 0.9
    assert similarity.leaves(before, after, context)
    assert not similarity.leaves(before, after, model.stack.context())


def test_an_exit_stands_in_the_json_where_there_is_one(encoder, places) -> None:
    architecture, _, _ = encoder
    assert Architecture.from_json(architecture.to_json()) == architecture
    plain = replace(architecture, stacks=(replace(architecture.stacks[0], exit=config_from_json("exit", "none")),))
    assert "exit" not in plain.to_json()["stacks"][0]
    assert plain.digest != architecture.digest

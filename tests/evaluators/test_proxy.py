"""What every registered proxy keeps, and what each says."""

import math
from dataclasses import replace

import pytest
import torch

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.proxy import EXAMPLES, Probe, Proxy, probe_batch, proxies
from paretoformer.records.canonical import derived_seed
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.catalogue import load_space
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.preset import load_preset
from paretoformer.search_spaces.registry import config_from_json

BY_NAME = {proxy.name: proxy for proxy in proxies()}


@pytest.fixture(scope="module")
def digits():
    return open_task("digits")


@pytest.fixture(scope="module")
def batch(digits):
    return probe_batch(digits)


@pytest.fixture(scope="module")
def architecture():
    return load_preset("vit-tiny-digits").architecture


@pytest.mark.parametrize("proxy", proxies(), ids=lambda proxy: proxy.name)
def test_equal_seeds_score_alike_and_the_global_generator_is_left_alone(
    proxy: Proxy, digits, batch, architecture
) -> None:
    before = torch.random.get_rng_state()
    first, again = (proxy(architecture, digits, batch, seed=3) for _ in range(2))
    assert math.isfinite(first) and first == again
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("proxy", proxies(), ids=lambda proxy: proxy.name)
def test_it_scores_models_that_read_tokens(proxy: Proxy, toy_text) -> None:
    task, architecture = toy_text
    assert math.isfinite(proxy(architecture, task, probe_batch(task)))


@pytest.fixture(scope="module")
def toy_text():
    import random

    task, space = open_task("copy"), load_space("decoder")
    rng = random.Random(0)
    point = next(each for each in iter(lambda: space.sample(rng), None) if not space.explain(each, task.signature))
    return task, space.decode(point).architecture


def test_parameters_are_those_that_are_counted(digits, batch, architecture) -> None:
    counts = count(architecture, digits.signature)
    assert BY_NAME["params"](architecture, digits, batch) == counts.params
    assert BY_NAME["non-embedding-params"](architecture, digits, batch) == counts.non_embedding_params


def test_the_gradient_norm_is_that_of_the_recipes_loss(digits, batch, architecture) -> None:
    probe = Probe(architecture=architecture, task=digits, batch=batch)
    outputs = probe.model(batch.inputs)
    loss = torch.nn.functional.cross_entropy(outputs, batch.targets)
    parts = torch.autograd.grad(loss, [*probe.model.parameters()])
    found = BY_NAME["gradient-norm"](architecture, digits, batch)
    assert found == pytest.approx(sum(part.norm().item() for part in parts), rel=1e-5)
    weighed = zip(probe.model.parameters(), parts, strict=True)
    snip = sum((weight * part).abs().sum().item() for weight, part in weighed)
    assert BY_NAME["snip"](architecture, digits, batch) == pytest.approx(snip, rel=1e-5)


def test_flow_is_summed_by_its_size_where_attention_lets_some_of_it_be_negative(digits, batch, architecture) -> None:
    none = config_from_json("norm", "none")
    (stack,) = architecture.stacks
    blocks = tuple(tuple(replace(branch, norm=none) for branch in block) for block in stack.blocks)
    bare = replace(architecture, stacks=(replace(stack, blocks=blocks),))
    model = build(bare, digits.signature, seed=derived_seed(0, "weights")).eval().double()
    weights = list(model.parameters())
    for weight in weights:
        weight.data = weight.data.abs()
    parts = torch.autograd.grad(model(torch.ones_like(batch.inputs[:1]).double()).sum(), weights)
    flows = torch.cat([(weight.data * part).flatten() for weight, part in zip(weights, parts, strict=True)])
    assert (flows < 0).any()
    assert BY_NAME["synflow"](architecture, digits, batch) == pytest.approx(flows.abs().sum().log().item(), rel=1e-9)


@pytest.mark.parametrize("name", ["gradient-norm", "snip", "synflow", "jacobian-covariance"])
def test_another_seed_draws_other_weights(name, digits, batch, architecture) -> None:
    assert BY_NAME[name](architecture, digits, batch, seed=1) != BY_NAME[name](architecture, digits, batch, seed=2)


@pytest.mark.parametrize("name", ["params", "synflow"])
def test_the_data_says_nothing_where_only_the_model_counts(name, digits, batch, architecture) -> None:
    other = probe_batch(digits, seed=1)
    assert BY_NAME[name](architecture, digits, batch) == BY_NAME[name](architecture, digits, other)


def test_equal_inputs_are_as_far_from_different_as_can_be(digits, batch, architecture) -> None:
    same = batch.take(torch.zeros(len(batch), dtype=torch.long))
    score = BY_NAME["jacobian-covariance"]
    assert score(architecture, digits, same) < score(architecture, digits, batch)


def test_a_batch_is_drawn_from_training_examples_by_the_seed(digits) -> None:
    first, again, other = (probe_batch(digits, seed) for seed in (0, 0, 1))
    assert len(first) == EXAMPLES and torch.equal(first.inputs, again.inputs)
    assert not torch.equal(first.inputs, other.inputs)
    train = {row.numpy().tobytes() for row in digits.examples(Split.TRAIN).inputs}
    assert all(row.numpy().tobytes() in train for row in first.inputs)

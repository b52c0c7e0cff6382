"""Whole models of every registered topology: valid ones run, invalid ones are refused in sentences, and both agree."""

from functools import cache
from itertools import product
from random import Random

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.records.errors import InvalidArchitecture
from paretoformer.records.signature import ImageInput
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.architecture import PLACEMENTS, Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Capability, PairModel
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.layer_counts import layer_counts, step_counts

KINDS = ("topology", "stem", "mixer", "feedforward", "norm", "position")
FAST, SLOW = 250, 4_000
"""Combinations that are drawn, by a fixed seed."""


@cache
def drawn(places, number: int, topology: registry.Choice | None = None) -> list[tuple]:
    """(architecture, signature) for combinations of all choices, evenly drawn from all where there are more."""
    options = [[places.fitted(choice) for choice in registry.choices(kind)] for kind in KINDS]
    if topology is not None:
        options[0] = [places.fitted(topology)]
    options += [list(PLACEMENTS), list(places.signatures.values())]
    total = 1
    for values in options:
        total *= len(values)
    if total <= number:
        picked = list(product(*options))
    else:
        random = Random(0)
        picked = [tuple(random.choice(values) for values in options) for _ in range(number)]
    return [
        (places.assembled(**dict(zip(KINDS, values, strict=False)), placement=values[-2], depth=2), values[-1])
        for values in picked
    ]


def check(architecture: Architecture, signature, places) -> bool:
    """Runs and trains if valid, is refused if not; returns which."""
    problems = architecture.problems(signature)
    if problems:
        with pytest.raises(InvalidArchitecture) as caught:
            build(architecture, signature, seed=0)
        assert caught.value.reasons == problems
        return False
    model = build(architecture, signature, seed=0)
    inputs, source = places.inputs_for(signature), places.source_for(signature)
    outputs = model.double()(inputs, source=source)
    assert outputs.shape == places.output_shape(signature) and outputs.isfinite().all()
    loss = outputs.square().mean()
    if isinstance(model, PairModel):
        pair = model.pair(inputs, None, source)
        with torch.no_grad():
            evaluated = model.eval()
            torch.testing.assert_close(evaluated.pair(inputs, None, source).logits, evaluated(inputs, source=source))
        loss = loss + pair.text.square().mean() + pair.source.square().mean()
    loss.backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    assert count(architecture, signature).params == sum(p.numel() for p in model.parameters())
    return True


def test_drawn_combinations_run_or_are_refused(places) -> None:
    ran = [check(architecture, signature, places) for architecture, signature in drawn(places, FAST)]
    assert any(ran) and not all(ran)


@pytest.mark.slow
def test_many_combinations_run_or_are_refused(places) -> None:
    ran = [check(architecture, signature, places) for architecture, signature in drawn(places, SLOW)]
    assert any(ran) and not all(ran)


def test_a_refusal_names_both_sides(places) -> None:
    for architecture, signature in drawn(places, FAST):
        names = {config.choice.name for config in architecture.configs}
        for sentence in architecture.problems(signature):
            one, *other = sentence.replace("; ", ", and ").split(", and ")
            assert set(one.split()) & names, sentence
            assert other and len(other[0].split()) >= 3, sentence
            assert not sentence.endswith(".")


def valid_models(topology_choice, places) -> list[tuple]:
    """Valid models of a topology, one for each mixer and each position, that differ in as much else as they can."""
    found = {}
    for architecture, signature in drawn(places, 4 * FAST, topology_choice):
        keys = [("mixer", name, signature) for name in architecture.mixers()]
        keys += [("position", stack.position.choice.name, signature) for stack in architecture.stacks]
        if not architecture.problems(signature):
            found |= {key: (architecture, signature) for key in keys if key not in found}
    assert found, f"no drawn model of topology {topology_choice} is valid"
    return list(dict.fromkeys(found.values()))


def test_forward_equals_extend_for_whole_models(topology_choice, places) -> None:
    models = [
        (architecture, signature)
        for architecture, signature in valid_models(topology_choice, places)
        if architecture.topology.decodes and not places.is_class(signature)
    ]
    if not models:
        pytest.skip(f"topology {topology_choice} does not decode")
    for architecture, signature in models:
        model = build(architecture, signature, seed=0).double().eval()
        inputs, source = places.inputs_for(signature), places.source_for(signature)
        pieces = inputs.split([5, 1, 1, inputs.shape[1] - 10, 3], 1)
        ends = torch.tensor([piece.shape[1] for piece in pieces]).cumsum(0) - 1
        with torch.no_grad():
            whole = model(inputs, source=source)
            for last, wanted in ((False, whole), (True, whole[:, ends])):
                outputs, state = [], model.start(len(inputs), inputs.shape[1], source)
                for piece in pieces:
                    y, state = model.extend(piece, state, last=last)
                    outputs.append(y)
                torch.testing.assert_close(torch.cat(outputs, 1), wanted, rtol=1e-9, atol=1e-9)


def test_a_padded_sequence_gives_what_it_gives_alone(topology_choice, places) -> None:
    models = [(a, s) for a, s in valid_models(topology_choice, places) if not isinstance(s.input, ImageInput)]
    if not models:
        pytest.skip(f"topology {topology_choice} reads no sequences")
    for architecture, signature in models:
        model, inputs = build(architecture, signature, seed=0).double().eval(), places.inputs_for(signature, batch=3)
        sizes = (inputs.shape[1], 1, 9)
        with torch.no_grad():
            outputs = model(inputs, torch.tensor(sizes), places.source_for(signature, 3))
            for row, size in enumerate(sizes):
                source = places.source_for(signature, 3, slice(row, row + 1))
                alone = model(inputs[row : row + 1, :size], source=source)[0]
                given = outputs[row] if places.is_class(signature) else outputs[row, :size]
                torch.testing.assert_close(given, alone, rtol=1e-9, atol=1e-9)


def test_counts_are_those_of_the_built_model(topology_choice, places) -> None:
    for architecture, signature in valid_models(topology_choice, places):
        if any(Capability.DATA_COST in config.choice.capabilities for config in architecture.configs):
            continue
        model = build(architecture, signature, seed=0).double().eval()
        counts = count(architecture, signature)
        assert counts.params == sum(p.numel() for p in model.parameters())
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
            model(places.inputs_for(signature, batch=1), source=places.source_for(signature, batch=1))
        assert 2 * counts.macs == counter.get_total_flops(), architecture.to_json()


def test_parts_add_up_to_the_counts_of_the_model(topology_choice, places) -> None:
    for architecture, signature in valid_models(topology_choice, places):
        counts, parts = count(architecture, signature), layer_counts(architecture, signature)
        for name in ("params", "macs", "state_bytes"):
            assert sum(getattr(part, name) for part in parts) == getattr(counts, name), (name, architecture.to_json())


def test_every_branch_of_every_block_is_a_part_with_its_place(topology_choice, places) -> None:
    for architecture, signature in valid_models(topology_choice, places):
        told = [(part.stack, part.layer, part.part) for part in layer_counts(architecture, signature) if part.layer]
        assert told == [
            (stack.name, layer, branch.role)
            for stack in architecture.stacks
            for layer, block in enumerate(stack.blocks, start=1)
            for branch in block
        ]


def test_macs_of_decoding_a_token_are_those_of_the_built_model(topology_choice, places) -> None:
    models = [
        (architecture, signature)
        for architecture, signature in valid_models(topology_choice, places)
        if architecture.topology.decodes
        and not places.is_class(signature)
        and not any(Capability.DATA_COST in config.choice.capabilities for config in architecture.configs)
    ]
    if not models:
        pytest.skip(f"topology {topology_choice} does not decode")
    for architecture, signature in models:
        model = build(architecture, signature, seed=0).double().eval()
        inputs = places.inputs_for(signature, batch=1)
        for context in (1, 15, 16, 31):
            with sdpa_kernel(SDPBackend.MATH), torch.no_grad():
                state = model.start(1, inputs.shape[1], places.source_for(signature, 1))
                _, state = model.extend(inputs[:, :context], state, last=True)
                with FlopCounterMode(display=False) as counter:
                    model.extend(inputs[:, context : context + 1], state)
            parts = step_counts(architecture, signature, context)
            assert 2 * sum(part.macs for part in parts) == counter.get_total_flops(), (context, architecture.to_json())


def test_the_head_of_the_first_token_is_asked_at_the_last_token_alone(topology_choice, places) -> None:
    models = [(a, s) for a, s in valid_models(topology_choice, places) if a.topology.decodes and not places.is_class(s)]
    if not models:
        pytest.skip(f"topology {topology_choice} does not decode")
    for architecture, signature in models:
        model = build(architecture, signature, seed=0).double().eval()
        inputs, flops = places.inputs_for(signature, batch=1)[:, :15], []
        for last in (False, True):
            with sdpa_kernel(SDPBackend.MATH), torch.no_grad(), FlopCounterMode(display=False) as counter:
                model.extend(inputs, model.start(1, 16, places.source_for(signature, 1)), last=last)
            flops.append(counter.get_total_flops())
        told = [
            sum(part.macs for part in layer_counts(architecture, signature, 15, last=last)) for last in (False, True)
        ]
        assert 2 * (told[0] - told[1]) == flops[0] - flops[1] > 0


def test_the_same_seed_builds_the_same_model(topology_choice, places) -> None:
    architecture, signature = valid_models(topology_choice, places)[0]
    one, two, other = (build(architecture, signature, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_a_stack_of_another_name_is_refused(topology_choice, places) -> None:
    architecture, signature = valid_models(topology_choice, places)[0]
    value = architecture.to_json()
    value["stacks"][0]["name"] = "attic"
    assert any("attic" in sentence for sentence in Architecture.from_json(value).problems(signature))


def test_every_signature_that_is_refused_is_refused_in_a_sentence(topology_choice, places) -> None:
    for signature in places.signatures.values():
        for sentence in topology_choice.config().signature_problems(signature):
            assert f"topology {topology_choice}" in sentence and "the task" in sentence

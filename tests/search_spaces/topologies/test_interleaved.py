"""Groups with latents: what sees what, whole and token by token."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.architecture import Architecture, Branch, Stack
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.registry import config_from_json

GROUP, LATENTS, LENGTH = 8, 3, 70
TEXT = Signature(input=TokenInput(vocabulary=11, length=LENGTH), output=TokenOutput(vocabulary=11))
DEPTHS = {"local": 5, "read": 2, "latent": 3, "write": 2}


def interleaved(mixer="softmax", position="learned", norm="layer", **fields) -> Architecture:
    """Two segments."""
    topology = config_from_json("topology", {"name": "interleaved", "group": GROUP, "latents": LATENTS, **fields})
    bodies = {"mixer": mixer, "cross": "softmax"}
    stacks = tuple(
        Stack(
            name=name,
            width=16 if name in ("local", "write") else 12,
            position=config_from_json("position", position if name == "local" else "none"),
            blocks=tuple(
                tuple(
                    Branch(
                        role=branch,
                        body=config_from_json("feedforward", "gelu")
                        if branch == "feedforward"
                        else config_from_json("mixer", "softmax" if name == "latent" else bodies[branch]),
                        norm=config_from_json("norm", norm),
                    )
                    for branch in role.branches
                )
                for _ in range(DEPTHS[name])
            ),
        )
        for name, role in topology.roles.items()
    )
    return Architecture(topology=topology, stem=config_from_json("stem", "tokens"), stacks=stacks)


def moved(model):
    """The model with parameters off their initial values, so that every path is alive."""
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            noise = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(index), dtype=torch.float64)
            parameter += 0.3 * noise
    return model


@pytest.fixture
def causal(places):
    return moved(build(interleaved(causal=True), places.signatures["text"], seed=0).double().eval())


def extended(model, inputs, pieces) -> torch.Tensor:
    outputs, state = [], model.start(len(inputs), inputs.shape[1])
    for piece in inputs.split(pieces, 1):
        y, state = model.extend(piece, state)
        outputs.append(y)
    return torch.cat(outputs, 1)


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, LENGTH - 1), max_size=6, unique=True))
def test_extending_in_any_pieces_equals_the_whole(cuts) -> None:
    model = moved(build(interleaved(causal=True), TEXT, seed=0).double().eval())
    inputs = torch.randint(11, (2, LENGTH), generator=torch.Generator().manual_seed(3))
    ends = [0, *sorted(cuts), LENGTH]
    pieces = [stop - start for start, stop in zip(ends, ends[1:], strict=False)]
    with torch.no_grad():
        torch.testing.assert_close(extended(model, inputs, pieces), model(inputs), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("mixer", "position"), [("linear", "learned"), ("softmax", "rotary"), ("softmax", "alibi"), ("pooling", "none")]
)
def test_token_by_token_equals_the_whole_for_other_mixers(places, mixer, position) -> None:
    architecture = interleaved(mixer=mixer, position=position, causal=True)
    model = moved(build(architecture, places.signatures["text"], seed=0).double().eval())
    inputs = places.inputs_for(places.signatures["text"])
    with torch.no_grad():
        whole, pieced = model(inputs), extended(model, inputs, [1] * inputs.shape[1])
    torch.testing.assert_close(pieced, whole, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("changed", [0, 5, 7, 8, 23, 69])
def test_a_token_is_seen_by_later_ones_alone_and_by_later_groups_too(places, causal, changed) -> None:
    inputs = places.inputs_for(places.signatures["text"])
    other = inputs.clone()
    other[:, changed] = (other[:, changed] + 1) % 11
    with torch.no_grad():
        before, after = causal(inputs), causal(other)
    torch.testing.assert_close(after[:, :changed], before[:, :changed], rtol=0, atol=1e-12)
    assert not torch.allclose(after[:, changed], before[:, changed])
    for group in range(changed // GROUP + 1, LENGTH // GROUP):
        assert not torch.equal(after[:, group * GROUP], before[:, group * GROUP])


def test_groups_that_change_places_with_their_latents_give_the_same_class(places) -> None:
    signature = replace(places.signatures["text-class"], input=replace(places.signatures["text"].input, length=40))
    model = moved(build(interleaved(), signature, seed=0).double().eval())
    inputs = places.inputs_for(signature)
    order = torch.tensor([3, 0, 4, 1, 2])
    with torch.no_grad():
        before = model(inputs)
        model.latents.copy_(model.latents.unflatten(0, (5, -1))[order].flatten(0, 1))
        after = model(inputs.unflatten(1, (5, -1))[:, order].flatten(1))
    torch.testing.assert_close(after, before, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("norm", ["layer", "rms", "group"])
def test_padding_changes_nothing(places, norm) -> None:
    signature = places.signatures["text-class"]
    model = moved(build(interleaved(norm=norm), signature, seed=0).double().eval())
    inputs, lengths = places.inputs_for(signature, batch=3), torch.tensor([70, 1, 19])
    with torch.no_grad():
        given = model(inputs, lengths)
        alone = torch.cat([model(inputs[row : row + 1, :size]) for row, size in enumerate(lengths.tolist())])
    torch.testing.assert_close(given, alone, rtol=1e-9, atol=1e-9)


def test_decoding_keeps_one_group_and_all_latents(places) -> None:
    counted = count(interleaved(causal=True), places.signatures["text"])
    groups = -(-LENGTH // GROUP)
    numbers = 2 * GROUP * 16 * DEPTHS["local"]  # keys and values of the group begun
    numbers += 2 * groups * LATENTS * 12 * DEPTHS["latent"]
    numbers += (
        2 * LATENTS * 16 * DEPTHS["write"] + 2 * GROUP * 16
    )  # of latents read, and the tokens that latents will read
    assert counted.state_bytes == 4 * numbers


def test_blocks_are_split_over_segments_the_earlier_ones_first(places) -> None:
    model = build(interleaved(causal=True), places.signatures["text"], seed=0)
    assert model.local_parts == ((0, 2), (2, 4), (4, 5))
    assert model.latent_parts == ((0, 2), (2, 3))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"write": {"depth": 1}}, "stack read has 2 blocks, one a segment, and write has 1; use one depth"),
        ({"read": {"width": 8}}, "stack read is 8 wide, and latent, which it adds to, 12; use one width"),
        (
            {"read": {"position": "learned"}},
            "stack read has position learned, and it has no tokens of its own to place; use none",
        ),
        (
            {"write": {"opening": True}},
            "stack write opens with a norm, and it has no tokens of its own to normalise; leave it out",
        ),
        ({"local": {"loops": 2}}, "stack local loops, and topology interleaved runs each block once; use loops 1"),
        (
            {"latent": {"mixer": "linear"}},
            "mixer linear is not causal by blocks, and this stack has blocks of 3 tokens",
        ),
    ],
)
def test_what_does_not_fit_together_is_said(places, change, sentence) -> None:
    whole = interleaved(causal=True)
    ((name, fields),) = change.items()
    stack = whole.stack(name)
    if "depth" in fields:
        stack = replace(stack, blocks=stack.blocks[: fields["depth"]])
    elif "position" in fields:
        stack = replace(stack, position=config_from_json("position", fields["position"]))
    elif "mixer" in fields:
        body = config_from_json("mixer", fields["mixer"])
        blocks = tuple((replace(block[0], body=body), *block[1:]) for block in stack.blocks)
        stack = replace(stack, blocks=blocks)
    else:
        stack = replace(stack, **fields)
    wrong = replace(whole, stacks=tuple(stack if each.name == name else each for each in whole.stacks))
    assert any(problem.startswith(sentence) for problem in wrong.problems(places.signatures["text"]))

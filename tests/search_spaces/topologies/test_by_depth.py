"""What a model gives block by block, and token by token, belongs to what it gives in the end."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.registry import config_from_json

DEPTH = 3
SINGLE = [
    ("encoder", "tokens", "text-class"),
    ("encoder", "tokens", "tags"),
    ("encoder", "frames", "series"),
    ("encoder", "patches", "image-class"),
    ({"name": "encoder", "summary": "token"}, "tokens", "text-class"),
    ({"name": "encoder", "summary": "token"}, "tokens", "tags"),
    ("decoder", "tokens", "text"),
    ("decoder", "tokens", "text-class"),
    ("decoder", "frames", "series-so-far"),
    ("encoder-decoder", "tokens", "translation"),
]


@pytest.fixture(params=SINGLE, ids=str)
def case(request, places):
    """A model of several blocks, and what it is given: ragged where it can be."""
    topology, stem, name = request.param
    signature = places.signatures[name]
    architecture = places.assembled(
        depth=DEPTH, topology=config_from_json("topology", topology), stem=config_from_json("stem", stem)
    )
    if stem == "frames" and signature.whole:
        architecture = replace(architecture, stem=config_from_json("stem", {"name": "frames", "size": 2}))
    model = build(architecture, signature, seed=0).double().eval()
    lengths = None if stem == "patches" else torch.tensor([9, places.inputs_for(signature).shape[1]])
    return model, (places.inputs_for(signature), lengths, places.source_for(signature)), signature


def test_the_last_of_all_depths_is_what_forward_gives(case) -> None:
    model, given, _ = case
    with torch.no_grad():
        *_, last = model.by_depth(*given)
        torch.testing.assert_close(last, model(*given), rtol=0, atol=1e-12)


def test_there_is_one_for_each_block_and_no_two_are_equal(case) -> None:
    model, given, _ = case
    with torch.no_grad():
        found = list(model.by_depth(*given))
    assert len(found) == DEPTH
    assert {each.shape for each in found} == {found[-1].shape}
    assert not any(torch.equal(one, other) for one, other in zip(found, found[1:], strict=False))


def test_the_head_reads_the_states_of_each_token(case) -> None:
    model, given, signature = case
    with torch.no_grad():
        states, outputs = model.states(*given), model(*given)
        assert states.shape[:2] == (2, model.stem(given[0]).shape[1])
        if not signature.whole:
            torch.testing.assert_close(model.head(states), outputs, rtol=0, atol=1e-12)


def test_a_class_is_read_from_the_mean_of_valid_states_or_from_the_last(places) -> None:
    for topology, pooled in (("encoder", lambda x: x[:9].mean(0)), ("decoder", lambda x: x[8])):
        signature = places.signatures["text-class"]
        architecture = places.assembled(
            topology=config_from_json("topology", topology), stem=config_from_json("stem", "tokens")
        )
        model = build(architecture, signature, seed=0).double().eval()
        inputs, lengths = places.inputs_for(signature), torch.tensor([9, 4])
        with torch.no_grad():
            expected = model.head(pooled(model.states(inputs, lengths)[0]))
            torch.testing.assert_close(model(inputs, lengths)[0], expected, rtol=0, atol=1e-12)


def test_what_an_encoder_makes_of_a_source_is_what_the_decoder_reads(places) -> None:
    signature = places.signatures["translation"]
    architecture = places.assembled(
        topology=config_from_json("topology", "encoder-decoder"), stem=config_from_json("stem", "tokens")
    )
    model = build(architecture, signature, seed=0).double().eval()
    inputs, source = places.inputs_for(signature), places.source_for(signature)
    source = replace(source, lengths=torch.tensor([20, 6]))
    with torch.no_grad():
        memory = model.read_source(source)
        assert memory.tokens.shape == (2, 20, 16) and torch.equal(memory.lengths, source.lengths)
        expected = model.head(model.decoder(model.stem(inputs), None, memory))
        torch.testing.assert_close(model(inputs, source=source), expected, rtol=0, atol=1e-12)


def test_a_model_that_has_none_says_so(places) -> None:
    signature = places.signatures["text"]
    architecture = places.assembled(
        topology=config_from_json("topology", "decoder"), stem=config_from_json("stem", "tokens")
    )
    with pytest.raises(NotImplementedError, match="reads no source"):
        build(architecture, signature, seed=0).read_source(None)

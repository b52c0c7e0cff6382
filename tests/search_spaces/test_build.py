"""From an architecture to a model."""

import pytest
import torch

from paretoformer.records.errors import InvalidArchitecture
from paretoformer.search_spaces.build import build


def decoder(places, **configs):
    parts = {"topology": places.default("topology", "decoder"), "stem": places.default("stem", "tokens")}
    return places.assembled(**{**parts, **configs})


def test_weights_follow_from_the_seed_whatever_was_drawn_before(places) -> None:
    torch.manual_seed(5)
    one = build(decoder(places), places.signatures["text"], seed=3).state_dict()
    torch.rand(7)
    two = build(decoder(places), places.signatures["text"], seed=3).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_another_seed_gives_other_weights(places) -> None:
    one, two = (build(decoder(places), places.signatures["text"], seed=seed) for seed in (3, 4))
    assert not torch.equal(one.head.weight, two.head.weight)


def test_the_global_generator_is_left_as_it_was(places) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build(decoder(places), places.signatures["text"], seed=3)
    assert torch.equal(torch.rand(3), expected)


def test_what_cannot_serve_the_signature_is_refused(places) -> None:
    with pytest.raises(InvalidArchitecture, match="stem tokens reads token ids, and the task gives images"):
        build(decoder(places), places.signatures["image-class"], seed=0)


def test_a_causal_classifier_reads_the_last_valid_token(places) -> None:
    signature = places.signatures["text-class"]
    model, inputs = build(decoder(places), signature, seed=0).double().eval(), places.inputs_for(signature)
    other = inputs.clone()
    other[:, 9:] = (other[:, 9:] + 1) % 11
    lengths = torch.tensor([9, 9])
    with torch.no_grad():
        assert torch.equal(model(inputs, lengths), model(other, lengths))
        other[:, 8] = (other[:, 8] + 1) % 11
        assert not torch.equal(model(inputs, lengths), model(other, lengths))


def test_an_encoder_classifier_reads_the_mean_of_the_valid_tokens(places) -> None:
    signature = places.signatures["text-class"]
    encoder = decoder(places, topology=places.default("topology", "encoder"), mixer=places.default("mixer", "identity"))
    model, inputs = build(encoder, signature, seed=0).double().eval(), places.inputs_for(signature)
    with torch.no_grad():
        alone = torch.stack([model(inputs[:, token : token + 1]) for token in range(9)])
        given = model(inputs, torch.tensor([9, 9]))
    torch.testing.assert_close(given, alone.mean(0))


def test_an_empty_sequence_gives_a_finite_class(places) -> None:
    signature = places.signatures["text-class"]
    for topology in ("decoder", "encoder"):
        model = build(decoder(places, topology=places.default("topology", topology)), signature, seed=0).eval()
        with torch.no_grad():
            assert model(places.inputs_for(signature), torch.tensor([70, 0])).isfinite().all()

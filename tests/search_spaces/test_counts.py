"""Counts of whole models."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.counts import Counts, count
from paretoformer.search_spaces.registry import config_from_json


def decoder(places, **configs):
    parts = {"topology": places.default("topology", "decoder"), "stem": places.default("stem", "tokens")}
    return places.assembled(**{**parts, **configs})


def test_a_decoder_is_counted_as_by_hand(places) -> None:
    d, n, vocabulary = 16, 70, 11
    mixer = 4 * d * d + 4 * d
    feedforward = 8 * d * d + 5 * d
    norms = 3 * 2 * d  # one before each branch, one that closes the stack
    head = vocabulary * d + vocabulary
    assert count(decoder(places), places.signatures["text"]) == Counts(
        params=vocabulary * d + mixer + feedforward + norms + head,
        non_embedding_params=mixer + feedforward + norms + head,
        macs=n * (12 * d * d + vocabulary * d) + 2 * n * n * d,
        state_bytes=4 * 2 * n * d,
    )


def test_a_tied_stem_saves_the_head(places) -> None:
    tied = decoder(places, stem=config_from_json("stem", {"name": "tokens", "tied": True}))
    signature = places.signatures["text"]
    assert count(decoder(places), signature).params - count(tied, signature).params == 11 * 16
    assert count(tied, signature).params == sum(p.numel() for p in build(tied, signature, seed=0).parameters())


def test_a_tied_head_and_its_stem_share_one_table(places) -> None:
    tied = decoder(places, stem=config_from_json("stem", {"name": "tokens", "tied": True}))
    model = build(tied, places.signatures["text"], seed=0)
    assert model.head.weight is model.stem.table.weight


def test_a_tied_stem_keeps_its_own_head_where_classes_are_asked_for(places) -> None:
    tied = decoder(places, stem=config_from_json("stem", {"name": "tokens", "tied": True}))
    signature = places.signatures["text-class"]
    model = build(tied, signature, seed=0)
    assert model.head.weight.shape == (3, 16)
    assert count(tied, signature).params == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("tied", [False, True])
def test_parameters_outside_tables_leave_out_what_is_looked_up(places, tied) -> None:
    stem = config_from_json("stem", {"name": "tokens", "tied": tied})
    learned = decoder(places, stem=stem, position=places.default("position", "learned"))
    counts = count(learned, places.signatures["text"])
    assert counts.params - counts.non_embedding_params == (11 + 70) * 16


@pytest.mark.parametrize("length", [1, 13, 64, 65, 70])
@pytest.mark.parametrize("mixer", ["softmax", "linear", "pooling", "identity"])
def test_macs_at_a_shorter_length_are_those_of_the_shorter_input(places, mixer, length) -> None:
    architecture, signature = decoder(places, mixer=places.default("mixer", mixer)), places.signatures["text"]
    model = build(architecture, signature, seed=0).eval()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        model(places.inputs_for(signature, batch=1, length=length))
    assert 2 * count(architecture, signature, length).macs == counter.get_total_flops()


def test_a_bidirectional_model_has_no_state(places) -> None:
    encoder = decoder(places, topology=places.default("topology", "encoder"))
    assert count(encoder, places.signatures["text-class"]).state_bytes == 0


def test_a_state_grows_with_length_for_softmax_and_not_for_linear(places) -> None:
    signature = places.signatures["text"]

    def growth(mixer: str) -> int:
        architecture = decoder(places, mixer=places.default("mixer", mixer))
        return count(architecture, signature, 20).state_bytes - count(architecture, signature, 10).state_bytes

    assert (growth("softmax"), growth("linear")) == (4 * 2 * 10 * 16, 0)


def test_each_layer_adds_the_same(places) -> None:
    params = [count(decoder(places, depth=depth), places.signatures["text"]).params for depth in (1, 2, 3)]
    assert params[2] - params[1] == params[1] - params[0] > 0


def test_counts_as_json_have_every_count_by_name(places) -> None:
    counts = count(decoder(places), places.signatures["text"])
    assert counts.to_json() == {
        name: getattr(counts, name) for name in ("params", "non_embedding_params", "macs", "state_bytes")
    }

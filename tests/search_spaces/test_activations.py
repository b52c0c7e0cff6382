"""Peak of live intermediate tensors."""

from dataclasses import replace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensor

from paretoformer.records.signature import TokenInput, TokenOutput
from paretoformer.search_spaces.activations import beginning_bytes, peak_activation_bytes, training_bytes
from paretoformer.search_spaces.contract import Capability
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.mixers.softmax import Softmax
from paretoformer.search_spaces.preset import load_preset, preset_names
from paretoformer.search_spaces.registry import config_from_json

LENGTH, WIDTH, VOCABULARY = 1_024, 16, 11


def decoder(places, mixer: str = "softmax", ratio: float = 4.0, **configs):
    parts = {
        "topology": places.default("topology", "decoder"),
        "stem": places.default("stem", "tokens"),
        "mixer": places.default("mixer", mixer),
        "feedforward": config_from_json("feedforward", {"name": "gelu", "ratio": ratio}),
    }
    return places.assembled(**{**parts, **configs})


@pytest.fixture
def long_text(places):
    """Next tokens of 1,024 tokens."""
    return replace(
        places.signatures["text"],
        input=TokenInput(vocabulary=VOCABULARY, length=LENGTH),
        output=TokenOutput(vocabulary=VOCABULARY),
    )


@pytest.mark.parametrize("ratio", [4.0, 8.0])
def test_the_peak_of_a_feedforward_is_its_hidden_layer_twice(places, long_text, ratio) -> None:
    stem, residual, normed = 1, 1, 1
    hidden = 2 * ratio  # before and after the GELU
    expected = (stem + residual + normed + hidden) * LENGTH * WIDTH * 4
    assert peak_activation_bytes(decoder(places, "identity", ratio), long_text) == expected


def test_plain_softmax_makes_no_scores_of_all_pairs(places, long_text) -> None:
    assert peak_activation_bytes(decoder(places), long_text) < LENGTH**2 * 4


def test_a_bias_on_scores_makes_them_for_all_pairs(places, long_text) -> None:
    alibi = decoder(places, position=places.default("position", "alibi"))
    assert peak_activation_bytes(alibi, long_text) >= 4 * LENGTH**2 * 4


def test_a_peak_does_not_grow_with_depth(places, long_text) -> None:
    peaks = [peak_activation_bytes(decoder(places, depth=depth), long_text) for depth in (2, 4)]
    assert peaks[0] == peaks[1]


def test_a_peak_is_the_same_every_time(places, long_text) -> None:
    assert len({peak_activation_bytes(decoder(places, "linear"), long_text) for _ in range(3)}) == 1


def test_every_mixer_has_a_peak(mixer_choice, places) -> None:
    architecture, signature = next(places.models_with(places.fitted(mixer_choice)))
    assert peak_activation_bytes(architecture, signature) > 0


def test_where_a_decode_begins_every_mixer_that_can_has_its_state_alive(mixer_choice, places) -> None:
    decoding = [
        (architecture, signature)
        for architecture, signature in places.models_with(places.fitted(mixer_choice))
        if isinstance(signature.output, TokenOutput)
    ]
    if not decoding:
        pytest.skip("it does not continue a sequence")
    architecture, signature = decoding[0]
    length = signature.input.length
    state = count(architecture, signature).state_bytes
    assert beginning_bytes(architecture, signature, length // 2, length) > state


def test_a_decode_begins_without_the_answers_to_all_but_the_last_token(places, long_text) -> None:
    wide = replace(long_text, output=TokenOutput(vocabulary=4_000), input=TokenInput(vocabulary=4_000, length=LENGTH))
    architecture = decoder(places)
    answers = 4 * 4_000
    assert peak_activation_bytes(architecture, wide, 512) > 512 * answers
    assert beginning_bytes(architecture, wide, 512, LENGTH) < 100 * answers


def test_training_takes_the_weights_four_times(places, long_text) -> None:
    architecture = decoder(places)
    params = count(architecture, long_text).params
    assert training_bytes(architecture, long_text, 1).weights == 4 * 4 * params


def test_what_training_keeps_alive_grows_with_batch_and_depth(places, long_text) -> None:
    def kept(depth: int, batch: int) -> int:
        activations = training_bytes(decoder(places, depth=depth), long_text, batch).activations
        assert activations is not None
        return activations

    one = kept(1, 1)
    assert kept(1, 4) == pytest.approx(4 * one, rel=0.05)
    block = kept(2, 1) - one
    assert block > peak_activation_bytes(decoder(places), long_text) / 2
    assert kept(3, 1) - one == pytest.approx(2 * block, rel=0.05)


def test_training_bytes_of_a_choice_whose_cost_depends_on_data_are_those_of_weights_alone(places, long_text) -> None:
    found = training_bytes(decoder(places, "lsh"), long_text, 8)
    assert (found.activations, found.total) == (None, found.weights)


def test_every_mixer_has_training_bytes(mixer_choice, places) -> None:
    architecture, signature = next(places.models_with(places.fitted(mixer_choice)))
    found = training_bytes(architecture, signature, 2)
    assert found.activations is None or found.activations > peak_activation_bytes(architecture, signature)


def test_counting_leaves_the_global_generator_as_it_was(places, long_text) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    peak_activation_bytes(decoder(places), long_text)
    assert torch.equal(torch.rand(3), expected)


def test_a_choice_whose_cost_depends_on_data_is_run_on_real_tensors(places, long_text, monkeypatch) -> None:
    architecture = decoder(places)
    on_fake = peak_activation_bytes(architecture, long_text)
    config = places.default("mixer", "softmax")
    routed = replace(config.choice, capabilities=config.choice.capabilities | {Capability.DATA_COST})
    monkeypatch.setattr(type(config), "choice", routed)
    seen = []
    attend = Softmax.forward

    def observed(self, x, context):
        seen.append(isinstance(x, FakeTensor))
        return attend(self, x, context)

    monkeypatch.setattr(Softmax, "forward", observed)
    assert (peak_activation_bytes(architecture, long_text), seen) == (on_fake, [False])


@pytest.mark.slow
@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_counted_without_memory(name) -> None:
    preset = load_preset(name)
    assert peak_activation_bytes(preset.architecture, preset.signature) > 0

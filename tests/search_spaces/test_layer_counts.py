"""Parts of small models, by hand."""

from dataclasses import replace

import pytest

from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.layer_counts import layer_counts, step_counts
from paretoformer.search_spaces.registry import config_from_json

D, N, VOCABULARY = 16, 70, 11


def decoder(places, **configs):
    return places.assembled(
        **{"topology": places.default("topology", "decoder"), "stem": places.default("stem", "tokens"), **configs}
    )


def part(counts, name):
    return next(each for each in counts if each.part == name)


def test_a_mixer_reads_its_weights_and_input_once_and_writes_its_output_once(places) -> None:
    mixer = part(layer_counts(decoder(places), places.signatures["text"]), "mixer")
    assert mixer.weight_bytes == 4 * (4 * D * D + 4 * D + 2 * D)  # with its norm
    assert mixer.activation_bytes == 4 * 2 * N * D


def test_a_table_is_read_by_row(places) -> None:
    long = layer_counts(decoder(places), places.signatures["text"])
    short = layer_counts(decoder(places), places.signatures["text"], 3)
    assert part(long, "stem").weight_bytes == 4 * VOCABULARY * D  # no more than all rows
    assert part(short, "stem").weight_bytes == 4 * 3 * D


def test_a_tied_head_reads_the_table_and_owns_none(places) -> None:
    tied = decoder(places, stem=config_from_json("stem", {"name": "tokens", "tied": True}))
    apart, shared = (part(layer_counts(each, places.signatures["text"]), "head") for each in (decoder(places), tied))
    assert shared.weight_bytes == apart.weight_bytes
    assert apart.params - shared.params == VOCABULARY * D


def test_a_decoded_token_reads_the_keys_and_values_before_it_and_writes_its_own(places) -> None:
    mixer = part(step_counts(decoder(places), places.signatures["text"], 40), "mixer")
    assert (mixer.state_read_bytes, mixer.state_written_bytes) == (4 * 2 * 40 * D, 4 * 2 * D)
    assert mixer.macs == 4 * D * D + 2 * 41 * D


def test_a_running_sum_is_read_and_written_whole(places) -> None:
    linear = decoder(places, mixer=places.default("mixer", "linear"))
    mixer = part(step_counts(linear, places.signatures["text"], 40), "mixer")
    assert mixer.state_read_bytes == mixer.state_written_bytes == 4 * 4 * 4 * 5


@pytest.mark.parametrize(("mixer", "share"), [("softmax", 2), ("linear", 1)])
def test_keys_and_values_are_as_wide_as_the_precision_and_running_sums_stay_in_fp32(places, mixer, share) -> None:
    architecture = decoder(places, mixer=places.default("mixer", mixer))
    full, half = (
        part(step_counts(architecture, places.signatures["text"], 40, precision=precision), "mixer")
        for precision in ("fp32", "bf16")
    )
    assert full.state_bytes == share * half.state_bytes
    assert full.state_read_bytes == share * half.state_read_bytes


def test_int8_narrows_the_weights_alone(places) -> None:
    full, narrow = (
        part(layer_counts(decoder(places), places.signatures["text"], precision=precision), "feedforward")
        for precision in ("fp32", "int8")
    )
    assert full.weight_bytes == 4 * narrow.weight_bytes
    assert full.activation_bytes == narrow.activation_bytes


def test_a_batch_shares_the_weights(places) -> None:
    mixer = part(step_counts(decoder(places), places.signatures["text"], 40), "mixer")
    moved = mixer.activation_bytes + mixer.state_read_bytes + mixer.state_written_bytes
    assert mixer.traffic(3) == mixer.weight_bytes + 3 * moved


def test_a_source_is_read_before_a_token_is_decoded(places) -> None:
    translator = decoder(places, topology=places.default("topology", "encoder-decoder"))
    signature = places.signatures["translation"]
    assert {row.stack for row in layer_counts(translator, signature)} == {None, "encoder", "decoder"}
    assert {row.stack for row in step_counts(translator, signature, 5)} == {None, "decoder"}


def test_a_cross_branch_reads_its_memory_whole_and_writes_none(places) -> None:
    translator = decoder(places, topology=places.default("topology", "encoder-decoder"))
    cross = part(step_counts(translator, places.signatures["translation"], 5), "cross")
    assert (cross.state_read_bytes, cross.state_written_bytes) == (4 * 2 * 20 * D, 0)


def test_few_tokens_read_the_experts_that_they_choose(places) -> None:
    sparse = decoder(places, feedforward=config_from_json("feedforward", {"name": "moe", "experts": 8, "active": 2}))
    one = part(step_counts(sparse, places.signatures["text"], 5), "feedforward")
    many = part(layer_counts(sparse, places.signatures["text"]), "feedforward")
    assert one.weight_bytes == 4 * (D * (8 + 2 * 2 * 4 * D) + 2 * D)
    assert many.weight_bytes == 4 * (many.params)


def test_a_loop_reads_and_computes_again_and_owns_nothing_more(places) -> None:
    once, signature = decoder(places), places.signatures["text"]
    twice = replace(once, stacks=(replace(once.stacks[0], loops=2),))
    one, two = (part(layer_counts(each, signature), "mixer") for each in (once, twice))
    assert (two.params, two.macs, two.weight_bytes) == (one.params, 2 * one.macs, 2 * one.weight_bytes)


def test_macs_at_a_shorter_length_are_those_of_the_count(places) -> None:
    architecture, signature = decoder(places), places.signatures["text"]
    assert sum(row.macs for row in layer_counts(architecture, signature, 13)) == count(architecture, signature, 13).macs


def test_a_stem_reads_all_numbers_that_its_tokens_are_made_of(places) -> None:
    signature = places.signatures["series"]
    encoder = decoder(
        places,
        topology=places.default("topology", "encoder"),
        stem=config_from_json("stem", {"name": "frames", "size": 4}),
    )
    stem = part(layer_counts(encoder, signature), "stem")
    assert stem.activation_bytes == 4 * (64 * 5 + 16 * D)

"""Every registered stem keeps the contract of stems."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

WIDTH = 16


def readable(choice, places):
    """(config, signature) for each input that the stem, with any of its settings, can read."""
    configs = (choice.config(), *(changed for _, changed in places.alternatives(choice.config())))
    pairs = [(c, s) for c in configs for s in places.signatures.values() if not list(c.input_problems(s.input))]
    assert pairs, f"stem {choice} reads none of {', '.join(places.signatures)}"
    return pairs


def test_tokens_have_the_width_and_the_count_that_are_claimed(stem_choice, places) -> None:
    for config, signature in readable(stem_choice, places):
        with torch.no_grad():
            x = config.build_stem(signature.input, WIDTH).double()(places.inputs_for(signature))
        assert x.shape == (2, config.tokens(signature.input), WIDTH)
        assert x.is_contiguous() and x.isfinite().all()


def test_a_grid_has_as_many_places_as_there_are_tokens(stem_choice, places) -> None:
    for config, signature in readable(stem_choice, places):
        grid = config.grid(signature.input)
        assert grid is None or grid[0] * grid[1] == config.tokens(signature.input)


def test_parameters_are_as_counted(stem_choice, places) -> None:
    for config, signature in readable(stem_choice, places):
        built = sum(p.numel() for p in config.build_stem(signature.input, WIDTH).parameters())
        assert config.stem_parameters(signature.input, WIDTH) == built
        assert 0 <= config.stem_table_parameters(signature.input, WIDTH) <= built


def test_macs_are_as_counted(stem_choice, places) -> None:
    for config, signature in readable(stem_choice, places):
        stem = config.build_stem(signature.input, WIDTH).double()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            stem(places.inputs_for(signature, batch=1))
        macs = config.stem_macs(signature.input, WIDTH, config.tokens(signature.input))
        assert 2 * macs == counter.get_total_flops()


def test_every_parameter_gets_a_finite_gradient(stem_choice, places) -> None:
    for config, signature in readable(stem_choice, places):
        stem = config.build_stem(signature.input, WIDTH).double()
        stem(places.inputs_for(signature)).square().sum().backward()
        for name, parameter in stem.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().max() > 0, name


def test_what_it_cannot_read_is_refused_in_a_sentence(stem_choice, places) -> None:
    for signature in places.signatures.values():
        for sentence in stem_choice.config().input_problems(signature.input):
            assert len(sentence.split()) > 5 and not sentence.endswith(".")


def test_patches_are_read_row_by_row(places) -> None:
    stem = places.default("stem", "patches")
    image = places.normal(1, 3, 16, 24)
    given = places.signatures["image-class"].input
    module, alone = (
        stem.build_stem(size, WIDTH).double() for size in (given, replace(given, height=stem.size, width=stem.size))
    )
    alone.load_state_dict(module.state_dict())
    rows, columns = stem.grid(given)
    with torch.no_grad():
        tokens = module(image)[0]
        for row, column in ((0, 1), (1, 0), (rows - 1, columns - 1)):
            patch = image[:, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            torch.testing.assert_close(tokens[row * columns + column], alone(patch)[0, 0])


@pytest.mark.parametrize("size", [(3, 24, 16), (3, 8, 24), (1, 16, 24)])
def test_images_of_another_size_are_refused_since_tokens_would_stand_elsewhere(places, size) -> None:
    module = places.default("stem", "patches").build_stem(places.signatures["image-class"].input, WIDTH)
    with pytest.raises(ValueError, match=r"was built for images of 3 x 16 x 24 numbers, and is given \d"):
        module(torch.zeros(1, *size))

from importlib.resources import files
from typing import Any

import pytest
import torch

from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, ImageInput, Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.preset import load_preset, preset_names, read_preset

SMALL = """
name: small
signature:
  input: {kind: image, channels: 1, height: 8, width: 8}
  output: {kind: class, classes: 10}
topology: encoder
stem: {name: patches, size: 4}
stacks:
  encoder:
    width: 16
    norm: rms
    mixer: {name: softmax, heads: 2, kv_heads: null}
    blocks:
      - {depth: 2, feedforward: {name: gelu, ratio: 2}}
      - {mixer: pooling, mixer.norm: none, feedforward.placement: post}
"""


def _small() -> list[Any]:
    """Presets that run in a second or two, those beyond a fraction of one marked slow."""
    counted = {name: count(load_preset(name).architecture, load_preset(name).signature) for name in preset_names()}
    return [
        pytest.param(name, marks=pytest.mark.slow if each.macs > 2e9 else ())
        for name, each in counted.items()
        if each.params < 65e6
    ]


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_builds_and_has_as_many_parameters_as_counted(name: str) -> None:
    preset = load_preset(name)
    with torch.device("meta"):
        model = build(preset.architecture, preset.signature, seed=0)
    assert preset.name == name
    assert sum(p.numel() for p in model.parameters()) == count(preset.architecture, preset.signature).params


@pytest.mark.parametrize("name", _small())
def test_a_small_preset_runs(places, name: str) -> None:
    preset = load_preset(name)
    model = build(preset.architecture, preset.signature, seed=0).eval()
    given, source = (of(preset.signature, batch=1) for of in (places.inputs_for, places.source_for))
    with torch.no_grad():
        y = model(given.float() if given.is_floating_point() else given, source=source)
    assert y.shape == places.output_shape(preset.signature, batch=1)
    assert y.isfinite().all()


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_comes_back_from_its_json(name: str) -> None:
    preset = load_preset(name)
    assert Architecture.from_json(preset.architecture.to_json()).digest == preset.architecture.digest
    assert Signature.from_json(preset.signature.to_json()) == preset.signature


def test_layers_that_differ_are_listed_as_blocks() -> None:
    preset = read_preset(SMALL, "small.yaml")
    assert preset.architecture.mixers() == ("softmax", "softmax", "pooling")
    first, last = preset.architecture.stacks[0].blocks[0], preset.architecture.stacks[0].blocks[2]
    assert [branch.norm.choice.name for branch in (*first, *last)] == ["rms", "rms", "none", "rms"]
    assert [branch.placement for branch in (*first, *last)] == ["pre", "pre", "pre", "post"]
    assert first[1].body.to_json() == {"name": "gelu", "ratio": 2.0}
    assert preset.signature == Signature(
        input=ImageInput(channels=1, height=8, width=8), output=ClassOutput(classes=10)
    )


def test_a_preset_is_read_from_a_file_too(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL)
    assert load_preset(str(path)).architecture == read_preset(SMALL, "x").architecture


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("name: small", "nam: small", r"'nam' is not a field; fields: name, title"),
        ("topology: encoder", "", "topology is missing"),
        ("topology: encoder", "topology: encodr", r"'encodr' is not a topology; topolog\w+: .*encoder"),
        ("  encoder:", "  decoder:", "stacks are decoder, and the topology has encoder"),
        ("kind: image", "kind: picture", "signature is not a signature"),
        ("width: 16", "width: wide", "width is wide, and it has to be a whole number from 1"),
        ("depth: 2", "depth: 0", r"blocks\[0\]: depth is 0"),
        ("norm: rms", "depth: 3", "depth follows from blocks"),
        ("norm: rms", "placement: between", "'between' is not a placement; placements: post, pre, sandwich"),
        ("ratio: 2", "ratios: 2", "'ratios' is not a field; fields: ratio, bias"),
        ("ratio: 2", "ratio: wide", "a field takes a number"),
        ("heads: 2", "heads: 3", "3 heads do not divide the width 16"),
        ("mixer: {name: softmax, heads: 2, kv_heads: null}", "position: none", "mixer is missing"),
    ],
)
def test_a_mistake_in_a_preset_is_told_with_its_place(old: str, new: str, sentence: str) -> None:
    assert old in SMALL
    with pytest.raises(UserError, match=sentence) as caught:
        read_preset(SMALL.replace(old, new, 1), "small.yaml")
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_is_told_with_those_there_are() -> None:
    with pytest.raises(UserError, match="'vit-huge' is not a preset; presets: .*gpt2-small"):
        load_preset("vit-huge")


@pytest.mark.parametrize("size", ["a", -5, 0, 1.5, True])
def test_a_size_of_a_signature_that_is_no_whole_number_is_named(size) -> None:
    text = (
        "name: own\ntopology: encoder\nstem: tokens\n"
        f"signature: {{input: {{kind: tokens, vocabulary: 5, length: {size}}}, output: {{kind: class, classes: 3}}}}\n"
        "stacks: {encoder: {width: 8, depth: 1, mixer: pooling}}\n"
    )
    with pytest.raises(UserError, match=f"input: length is {size}, and it has to be a whole number from 1"):
        read_preset(text, "own.yaml")


def test_a_decoder_that_reads_a_source_is_told_to_need_cross() -> None:
    text = files("paretoformer.search_spaces.presets").joinpath("t5-small.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if "cross:" not in line]
    assert len(lines) < len(text.splitlines())
    with pytest.raises(
        UserError, match="cross is missing; every stack needs .*, and one that reads a source cross too"
    ):
        read_preset("\n".join(lines), "small.yaml")

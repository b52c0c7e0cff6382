"""Topologies that read a source beside their input."""

from dataclasses import replace

import pytest
import torch

from paretoformer.search_spaces.architecture import Architecture, Branch, Stack
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Source
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.registry import config_from_json

KINDS = {"mixer": "softmax", "cross": "softmax", "feedforward": "gelu"}


def architecture_of(topology, stem="tokens", source=None, widths=None, position="learned", depth=2) -> Architecture:
    """Softmax everywhere."""
    config = config_from_json("topology", topology)
    kinds = {"mixer": "mixer", "cross": "mixer", "feedforward": "feedforward"}
    stacks = tuple(
        Stack(
            name=name,
            width=(widths or {}).get(name, 16),
            position=config_from_json("position", position),
            blocks=(
                tuple(
                    Branch(
                        role=branch,
                        body=config_from_json(kinds[branch], KINDS[branch]),
                        norm=config_from_json("norm", "layer"),
                    )
                    for branch in role.branches
                ),
            )
            * depth,
        )
        for name, role in config.roles.items()
    )
    own = config_from_json("stem", source) if source else None
    return Architecture(topology=config, stem=config_from_json("stem", stem), stacks=stacks, source=own)


CAPTION = {"encoder-decoder": "encoder-decoder", "dual": {"name": "dual", "queries": 5}}


@pytest.fixture(params=sorted(CAPTION))
def captioner(request, places):
    """A model that reads images beside a text, and its signature."""
    signature = places.signatures["caption"]
    architecture = architecture_of(CAPTION[request.param], source="patches", widths={"encoder": 24})
    return architecture, build(architecture, signature, seed=0).double().eval(), signature


def test_a_source_with_a_stem_of_its_own_is_counted_and_read(captioner, places) -> None:
    architecture, model, signature = captioner
    assert count(architecture, signature).params == sum(parameter.numel() for parameter in model.parameters())
    inputs, source = places.inputs_for(signature), places.source_for(signature)
    with torch.no_grad():
        before = model(inputs, source=source)
        after = model(inputs, source=Source(source.inputs.flip(0)))
    assert (before - after).abs().amax(-1).min() > 0


def test_a_text_is_read_from_left_to_right(captioner, places) -> None:
    _, model, signature = captioner
    inputs, source = places.inputs_for(signature), places.source_for(signature)
    other = inputs.clone()
    other[:, 9] = (other[:, 9] + 1) % 11
    with torch.no_grad():
        before, after = model(inputs, source=source), model(other, source=source)
    torch.testing.assert_close(after[:, :9], before[:, :9], rtol=0, atol=1e-12)
    assert not torch.equal(after[:, 9:], before[:, 9:])


@pytest.mark.parametrize("topology", ["encoder-decoder", {"name": "dual", "queries": 5}], ids=str)
def test_padding_of_a_source_is_not_read(topology, places) -> None:
    signature = places.signatures["translation"]
    model = build(architecture_of(topology), signature, seed=0).double().eval()
    inputs, tokens = places.inputs_for(signature), places.source_for(signature).inputs
    other = tokens.clone()
    other[1, 7:] = (other[1, 7:] + 1) % 11
    lengths = torch.tensor([20, 7])
    with torch.no_grad():
        one, two = (model(inputs, source=Source(given, lengths)) for given in (tokens, other))
        alone = model(inputs[1:], source=Source(tokens[1:, :7]))
    torch.testing.assert_close(one, two, rtol=0, atol=1e-12)
    torch.testing.assert_close(one[1:], alone, rtol=1e-10, atol=1e-10)


def test_a_shared_stem_is_one_module_and_is_counted_once(places) -> None:
    signature, architecture = places.signatures["translation"], architecture_of("encoder-decoder")
    model = build(architecture, signature, seed=0)
    assert model.source_stem is model.stem
    own = replace(architecture, source=config_from_json("stem", "tokens"))
    assert count(own, signature).params - count(architecture, signature).params == 11 * 16


def test_a_new_token_costs_the_decoder_alone(places) -> None:
    signature = places.signatures["translation"]
    model = build(architecture_of("encoder-decoder"), signature, seed=0).eval()
    with torch.no_grad():
        state = model.start(2, 9, places.source_for(signature))
        model.encoder.forward = model.source_stem.forward = None  # read already
        model.source_stem = None
        model.stem = build(architecture_of("encoder-decoder"), signature, seed=0).stem
        logits, _ = model.extend(places.inputs_for(signature)[:, :1], state)
    assert logits.shape == (2, 1, 11)


@pytest.mark.parametrize(
    ("architecture", "name", "sentence"),
    [
        (
            architecture_of("encoder-decoder", widths={"encoder": 24}),
            "translation",
            "stem tokens is read by encoder and decoder, and they are 24 and 16 wide; use one width, or a stem of its own for the source",
        ),
        (
            architecture_of("encoder-decoder"),
            "text",
            "topology encoder-decoder reads a source, and the task gives a sequence of up to 70 tokens, asking for the next token; "
            "use an encoder or a decoder",
        ),
        (
            architecture_of("dual", widths={"multimodal": 32}, source="patches"),
            "caption",
            "stack unimodal is 16 wide, and multimodal, which goes on from it, 32; use one width",
        ),
        (
            architecture_of("siamese", "patches", widths={"decoder2": 32}),
            "views",
            "stack decoder1 has width 16, and decoder2, which looks at it in every block, 32; use one for both",
        ),
        (
            architecture_of("siamese", "patches"),
            "image-class",
            "topology siamese gives numbers a pixel, and the task is a grid of 16 x 24 pixels, asking for 3 classes",
        ),
        (
            architecture_of("encoder-decoder"),
            "caption",
            "stem tokens reads token ids, and the task gives images or numbers; stem patches reads images, stem frames numbers",
        ),
    ],
    ids=["widths", "no source", "text widths", "decoder widths", "no views", "stem"],
)
def test_what_does_not_fit_together_is_said(architecture, name, sentence, places) -> None:
    assert sentence in architecture.problems(places.signatures[name])


def test_another_vocabulary_cannot_share_the_stem(places) -> None:
    signature = places.signatures["translation"]
    other = replace(signature, source=replace(signature.source, vocabulary=9))
    said = (
        "stem tokens is read by encoder and decoder, and the task's vocabularies have 9 and 11 tokens; "
        "use a stem of its own for the source"
    )
    assert said in architecture_of("encoder-decoder").problems(other)


class TestDual:
    """Vectors of both sides."""

    @pytest.fixture(params=["cascade", "parallel"])
    def model(self, request, places):
        topology = {"name": "dual", "queries": 5, "contrast": request.param}
        architecture = architecture_of(topology, source="patches")
        return build(architecture, places.signatures["caption"], seed=0).double().eval()

    def test_each_vector_is_of_its_own_side_alone(self, model, places) -> None:
        signature = places.signatures["caption"]
        inputs, source = places.inputs_for(signature), places.source_for(signature)
        with torch.no_grad():
            pair = model.pair(inputs, None, source)
            other_source = model.pair(inputs, None, Source(source.inputs.flip(0)))
            other_text = model.pair(inputs.flip(0), None, source)
        torch.testing.assert_close(other_source.text, pair.text, rtol=0, atol=1e-12)
        torch.testing.assert_close(other_text.source, pair.source, rtol=0, atol=1e-12)
        assert not torch.allclose(other_source.source, pair.source)
        assert not torch.allclose(other_text.text, pair.text)

    def test_a_texts_vector_reads_every_word_and_no_padding(self, model, places) -> None:
        signature = places.signatures["caption"]
        inputs, source = places.inputs_for(signature), places.source_for(signature)
        lengths = torch.tensor([9, 70])
        with torch.no_grad():
            given = model.pair(inputs, lengths, source)
            alone = model.pair(inputs[:1, :9], None, Source(source.inputs[:1]))
            torch.testing.assert_close(given.text[:1], alone.text, rtol=1e-10, atol=1e-10)
            for changed, differs in ((0, True), (8, True), (9, False)):
                other = inputs.clone()
                other[0, changed] = (other[0, changed] + 1) % 11
                vector = model.pair(other, lengths, source).text[0]
                assert torch.allclose(vector, given.text[0], rtol=0, atol=1e-12) != differs

    def test_no_word_sees_the_token_behind_the_text(self, model, places) -> None:
        signature = places.signatures["caption"]
        inputs, source, lengths = places.inputs_for(signature), places.source_for(signature), torch.tensor([9, 70])
        with torch.no_grad():
            before = model.pair(inputs, lengths, source).logits
            model.text_token += 5.0
            after = model.pair(inputs, lengths, source).logits
        torch.testing.assert_close(after[0, :9], before[0, :9], rtol=0, atol=1e-12)
        torch.testing.assert_close(after[1], before[1], rtol=0, atol=1e-12)

    def test_the_captions_loss_reaches_the_shared_pooler_and_the_contrasts_where_it_cascades(
        self, model, places
    ) -> None:
        signature = places.signatures["caption"]
        pair = model.pair(places.inputs_for(signature), None, places.source_for(signature))
        pair.source.square().sum().backward()
        assert (model.pooler.queries.grad is not None) == model.cascade


class TestSiamese:
    """Two views."""

    @pytest.fixture
    def model(self, places):
        architecture = architecture_of("siamese", "patches", widths={"encoder": 24}, position="none")
        model = build(architecture, places.signatures["views"], seed=0).double().eval()
        with torch.no_grad():
            for index, parameter in enumerate(model.parameters()):
                generator = torch.Generator().manual_seed(index)
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        return model

    def test_swapped_views_with_swapped_decoders_give_swapped_outputs(self, model, places) -> None:
        signature = places.signatures["views"]
        one, other = places.inputs_for(signature), places.source_for(signature).inputs
        with torch.no_grad():
            before = model(one, source=Source(other))
            model.one.branches, model.two.branches = model.two.branches, model.one.branches
            model.one._blocks, model.two._blocks = model.two._blocks, model.one._blocks
            model.heads = torch.nn.ModuleList(reversed(model.heads))
            after = model(other, source=Source(one))
        torch.testing.assert_close(after.flip(1), before, rtol=0, atol=1e-10)

    def test_each_view_is_told_with_the_other_in_sight(self, model, places) -> None:
        signature = places.signatures["views"]
        one, other = places.inputs_for(signature), places.source_for(signature).inputs
        with torch.no_grad():
            before, after = (model(one, source=Source(given)) for given in (other, other.flip(0)))
        assert not torch.allclose(before[:, 0], after[:, 0])

    def test_the_numbers_of_a_patch_stand_at_its_pixels(self, model) -> None:
        rows, cells = model.grid
        told = torch.arange(rows * cells, dtype=torch.float64).view(1, -1, 1).expand(-1, -1, 4 * 2 * 2)
        pixels = model._pixels(told)
        assert pixels.shape == (1, 4, 2 * rows, 2 * cells)
        assert pixels[0, 0, :2, :2].tolist() == [[0.0, 0.0], [0.0, 0.0]]
        assert pixels[0, 3, 2, 2] == cells + 1

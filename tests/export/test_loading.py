import json
import shutil
from copy import deepcopy

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from paretoformer.evaluators.examples import Split
from paretoformer.export.loading import Loaded, load
from paretoformer.records.errors import UserError


def outputs(model, task):
    examples = task.examples(Split.TEST)
    with torch.no_grad():
        return model(examples.inputs[:8], examples.lengths)


def rewrite(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_loaded_encoder_gives_the_trained_ones_outputs(exported, encoder):
    loaded = load(exported)
    assert loaded.architecture == encoder.architecture and loaded.signature == encoder.signature
    assert torch.equal(outputs(loaded.model, encoder.task), outputs(encoder.model, encoder.task))


def test_a_loaded_decoder_gives_the_trained_ones_outputs(decoder_folder, decoder):
    assert torch.equal(outputs(load(decoder_folder).model, decoder.task), outputs(decoder.model, decoder.task))


def test_tied_weights_are_stored_once_and_tied_again(decoder_folder):
    stored = load_file(decoder_folder / "model.safetensors")
    assert ("head.weight" in stored) != ("stem.table.weight" in stored)
    model = load(decoder_folder).model
    assert model.head.weight is model.stem.table.weight


def test_a_loaded_model_is_ready_for_use(exported):
    model = load(exported).model
    assert not model.training and not any(parameter.requires_grad for parameter in model.parameters())


def test_the_config_says_what_the_study_knew(exported, encoder):
    content = load(exported).config.content
    assert (content["study"], content["trial"]) == ("small", 3)
    assert content["recipe"] == encoder.recipe.to_json()
    assert content["seeds"] == {"initial weights": 0, "training": 1}
    assert content["task"]["data_hash"] == encoder.task.data_hash
    assert content["counts"]["params"] == sum(parameter.numel() for parameter in encoder.model.parameters())
    assert set(content["versions"]) == {"paretoformer", "torch", "python"}


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(exported, name):
    (exported / name).unlink()
    with pytest.raises(UserError, match=f"/{name}' cannot be read"):
        load(exported)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\udc80", "[1]"])
def test_a_config_that_is_no_json_object_is_named(exported, text):
    (exported / "config.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=r"/config.json'"):
        load(exported)


def test_a_config_of_another_version_says_which_is_read(exported):
    rewrite(exported / "config.json", version=99)
    with pytest.raises(UserError, match="has the version 99, and this paretoformer reads version 1"):
        load(exported)


def test_an_architecture_that_is_not_its_digests_is_refused(exported):
    rewrite(exported / "config.json", architecture_digest="0" * 64)
    with pytest.raises(UserError, match="not the one that its digest names"):
        load(exported)


@pytest.mark.parametrize("height", [0, -8, True, 8.0, "8", None])
def test_a_signature_that_has_no_size_is_refused(exported, encoder, height):
    signature = encoder.signature.to_json()
    signature["input"]["height"] = height
    rewrite(exported / "config.json", signature=signature)
    with pytest.raises(UserError, match=f"the signature has height {height!r}, and it must be a whole number from 1"):
        load(exported)


@pytest.mark.parametrize("data", [b"", b"\x80\x04\x95pickle.", b"\xff" * 64])
def test_weights_that_are_no_safetensors_are_called_damaged(exported, data):
    (exported / "model.safetensors").write_bytes(data)
    with pytest.raises(UserError, match="model.safetensors' is damaged"):
        load(exported)


def reshaped(tensors):
    name = max(tensors, key=lambda name: tensors[name].numel())
    return {**tensors, name: tensors[name].flatten()}


MISFITS = {
    "the file has zzz, and the model does not": lambda tensors: {**tensors, "zzz": torch.zeros(1)},
    "the file does not": lambda tensors: {**dict(list(tensors.items())[1:]), "zzz": torch.zeros(4096)},
    "and the model has torch.float32 ": reshaped,
    "is torch.float64": lambda tensors: {name: tensor.double() for name, tensor in tensors.items()},
    "numbers, and the model": lambda tensors: dict(list(tensors.items())[:1]),
}


@pytest.mark.parametrize("sentence", MISFITS)
def test_weights_of_another_model_are_refused(exported, sentence):
    path = exported / "model.safetensors"
    tensors = load_file(path)
    save_file(MISFITS[sentence](tensors), path)
    with pytest.raises(UserError, match=f"model.safetensors' does not fit its config: .*{sentence}"):
        load(exported)


def places(value, path=()):
    """Paths to everything inside a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from places(part, (*path, key))


JUNK = st.sampled_from([None, True, -1, 0, 3, 10**30, 0.5, "", "rotary", "\0", [], [1], {}, {"name": "softmax"}])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_config_with_anything_replaced_loads_or_is_refused_in_a_sentence(exported, tmp_path, data):
    original = json.loads((exported / "config.json").read_text())
    changed = deepcopy(original)
    *way, last = data.draw(st.sampled_from([path for path in places(original) if path]))
    inside = changed
    for key in way:
        inside = inside[key]
    inside[last] = data.draw(JUNK)
    folder = tmp_path / "changed"
    shutil.copytree(exported, folder, dirs_exist_ok=True)
    (folder / "config.json").write_text(json.dumps(changed))
    try:
        assert isinstance(load(folder), Loaded)
    except UserError as error:
        assert str(folder) in str(error)

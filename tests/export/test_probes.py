import pytest
import torch

from paretoformer.export.probes import differences, make_probes, write_probes
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ClassOutput, ImageInput, Signature, TokenInput, TokenOutput

IMAGES = Signature(input=ImageInput(channels=3, height=4, width=6), output=ClassOutput(classes=2))
TEXTS = Signature(input=TokenInput(vocabulary=7, length=9), output=ClassOutput(classes=2))


def next_tokens(vocabulary, length):
    return Signature(input=TokenInput(vocabulary=vocabulary, length=length), output=TokenOutput(vocabulary=vocabulary))


def first_sums(inputs, lengths, source):
    return inputs.flatten(1)[:, :4].float() + (0 if lengths is None else lengths[:, None])


@pytest.mark.parametrize("signature", [IMAGES, TEXTS, next_tokens(7, 9)], ids=str)
def test_probes_are_the_same_each_time(signature):
    once, again = make_probes(signature), make_probes(signature)
    assert all(torch.equal(once[name].inputs, again[name].inputs) for name in {**once, **again})


def test_a_class_of_tokens_is_also_probed_with_padding():
    (padded,) = (probe for probe in make_probes(TEXTS).values() if probe.lengths is not None)
    assert padded.inputs.shape == (2, 9) and padded.lengths.tolist() == [9, 5]


def test_next_tokens_of_a_large_vocabulary_are_probed_on_fewer_tokens():
    inputs = make_probes(next_tokens(50_257, 1024))["long"].inputs
    assert 8 <= inputs.shape[1] < 1024 and int(inputs.max()) < 50_257


@pytest.mark.parametrize("signature", [IMAGES, TEXTS], ids=str)
def test_the_same_model_does_not_differ(tmp_path, signature):
    write_probes(first_sums, signature, tmp_path)
    assert set(differences(first_sums, signature, tmp_path).values()) == {0.0}


def test_differences_are_relative_to_the_largest_output(tmp_path):
    write_probes(lambda inputs, lengths, source: torch.full((2, 3), 50.0), IMAGES, tmp_path)
    found = differences(lambda inputs, lengths, source: torch.full((2, 3), 50.5), IMAGES, tmp_path)
    assert found == {"image": pytest.approx(0.01)}


def test_outputs_of_another_shape_are_refused(tmp_path):
    write_probes(lambda inputs, lengths, source: torch.zeros(2, 3), IMAGES, tmp_path)
    with pytest.raises(UserError, match=r"has outputs \(2, 3\) for probe image; the model's are \(2, 5\)"):
        differences(lambda inputs, lengths, source: torch.zeros(2, 5), IMAGES, tmp_path)


def test_probes_of_another_signature_are_refused(tmp_path):
    write_probes(first_sums, TEXTS, tmp_path)
    with pytest.raises(UserError, match="does not hold the inputs of probe image"):
        differences(first_sums, IMAGES, tmp_path)

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from paretoformer.evaluators.own_data.text import Text
from paretoformer.evaluators.stored_model import CONFIG_FILE
from paretoformer.export.proof import PROOF_FILE, sha256
from paretoformer.export.verifying import export_folders, verify
from paretoformer.records.errors import UserError

HASHED = ["README.md", "config.json", "model.safetensors", "probe.safetensors"]


def change(path, edit):
    value = json.loads(path.read_text())
    edit(value)
    path.write_text(json.dumps(value))


def forge(folder, name):
    """Give the proof the hash that a file has now."""
    change(folder / PROOF_FILE, lambda proof: proof["files"].update({name: sha256(folder / name)}))


def test_an_untouched_export_passes(exported):
    found = verify(exported)
    assert found.passed and found.format == "safetensors"
    assert {score.split for score in found.findings.scores} == {"validation", "test"}


@pytest.mark.parametrize("name", HASHED)
def test_one_flipped_bit_names_the_file(exported, name):
    data = bytearray((exported / name).read_bytes())
    data[len(data) // 2] ^= 1
    (exported / name).write_bytes(data)
    found = verify(exported)
    assert found.problems == (f"{name} was altered",) and found.findings is None


@pytest.mark.parametrize("name", HASHED)
def test_a_missing_file_is_named(exported, name):
    (exported / name).unlink()
    assert verify(exported).problems == (f"{name} is missing",)


def test_a_file_that_the_proof_does_not_know_is_named(exported):
    (exported / "model.bin").write_bytes(b"")
    assert verify(exported).problems == ("model.bin is not in the proof",)


def test_a_proof_that_names_a_file_elsewhere_does_not_read_it(exported):
    change(exported / PROOF_FILE, lambda proof: proof["files"].update({"../../secret": "0"}))
    assert verify(exported).problems == ("../../secret is missing",)


def test_other_weights_under_a_forged_hash_are_found_by_running(exported):
    path = exported / "model.safetensors"
    save_file({name: torch.zeros_like(tensor) for name, tensor in load_file(path).items()}, path)
    forge(exported, path.name)
    assert any("outputs of probe image differ" in sentence for sentence in verify(exported).problems)


def test_a_forged_score_is_found_by_running(exported):
    change(exported / PROOF_FILE, lambda proof: proof["live"][1].update(value=0.99))
    (sentence,) = verify(exported).problems
    assert "accuracy on test" in sentence and "0.99" in sentence


def test_a_proof_loosened_by_hand_is_not_believed(exported):
    test_other_weights_under_a_forged_hash_are_found_by_running(exported)
    change(exported / PROOF_FILE, lambda proof: proof.update(tolerance=1e9))
    assert not verify(exported).passed


def test_a_damaged_file_under_a_forged_hash_is_a_problem_and_no_crash(exported):
    (exported / "model.safetensors").write_bytes(b"\x80\x04.")
    forge(exported, "model.safetensors")
    (sentence,) = verify(exported).problems
    assert "is damaged" in sentence


@pytest.mark.parametrize("edit", [{"version": 9}, {"live": 3}, {"fresh": {}}, {"files": []}])
def test_a_proof_that_cannot_be_read_is_named(exported, edit):
    change(exported / PROOF_FILE, lambda proof: proof.update(edit))
    with pytest.raises(UserError, match=r"/proof.json'"):
        verify(exported)


@pytest.mark.parametrize("place", ["/nowhere/mine.txt", "/dev/zero", 7])
def test_data_that_is_no_file_here_is_skipped_with_a_reason(decoder_folder, monkeypatch, place):
    def open_nothing(self, path):
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(Text, "__init__", open_nothing)
    change(decoder_folder / CONFIG_FILE, lambda config: config["task"]["spec"].update(path=place))
    forge(decoder_folder, CONFIG_FILE)
    found = verify(decoder_folder)
    assert found.passed and found.findings.scores == ()
    assert "is not on this machine" in found.findings.skipped or "neither a name nor a path" in found.findings.skipped


def test_data_that_changed_is_skipped_with_a_reason(decoder_folder, decoder):
    place = decoder.task.path
    before = place.read_text()
    try:
        place.write_text(before + " more")
        assert "changed" in verify(decoder_folder).findings.skipped
    finally:
        place.write_text(before)


def test_the_exports_of_a_folder_are_found_from_above_and_from_within(exported):
    assert export_folders(exported) == export_folders(exported.parent) == (exported,)


def test_a_folder_without_exports_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no export: no proof.json, and no folder named .*safetensors"):
        export_folders(tmp_path)


@pytest.mark.slow
def test_a_fresh_process_repeats_the_proof(encoder_export):
    assert verify(encoder_export).passed

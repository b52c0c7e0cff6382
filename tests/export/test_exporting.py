import fcntl
import os
import signal
from dataclasses import replace

import pytest
import torch

from paretoformer.export.errors import ExportFailed
from paretoformer.export.exporting import export_trial
from paretoformer.export.formats.safetensors import Safetensors
from paretoformer.export.loading import load
from paretoformer.export.proof import sha256
from paretoformer.export.verifying import verify
from paretoformer.records.errors import UserError

FILES = ["README.md", "config.json", "model.safetensors", "probe.safetensors", "proof.json"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_fresh_process_agrees_with_the_live_model_before_an_export_is_given(encoder, tmp_path):
    (export,) = export_trial(encoder, tmp_path / "out")
    assert [score.value for score in export.proof.fresh.scores] == [score.value for score in export.proof.live]
    assert export.proof.fresh.differences["image"] <= 1e-5


def test_an_export_is_five_files_in_a_folder_named_as_its_format(exported):
    assert exported.name == "safetensors" and names(exported) == FILES
    assert names(exported.parent) == ["safetensors"]


def test_the_result_has_the_hash_of_every_file(in_process, encoder, tmp_path):
    (export,) = export_trial(encoder, tmp_path / "out")
    assert export.files == {path.name: sha256(path) for path in export.folder.iterdir()}


def test_the_files_can_be_read_by_whom_the_umask_lets(exported):
    umask = os.umask(0)
    os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in exported.iterdir()} == {0o666 & ~umask}


def test_the_callers_model_stays_in_training_mode(in_process, encoder, tmp_path):
    encoder.model.train()
    try:
        export_trial(encoder, tmp_path / "out")
        assert encoder.model.training
    finally:
        encoder.model.eval()


def test_an_unknown_format_lists_the_formats(encoder, tmp_path):
    with pytest.raises(UserError, match="'pickle' is not a format; formats: .*safetensors"):
        export_trial(encoder, tmp_path / "out", ["pickle"])


def test_no_format_is_refused(encoder, tmp_path):
    with pytest.raises(UserError, match="No format was given; formats: .*safetensors"):
        export_trial(encoder, tmp_path / "out", [])


def test_a_missing_parent_is_refused(encoder, tmp_path):
    with pytest.raises(UserError, match="'.*/nowhere' is not a folder"):
        export_trial(encoder, tmp_path / "nowhere" / "out")


def test_a_file_in_the_place_of_the_folder_is_refused(encoder, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UserError, match="'.*/out' cannot be made: File exists"):
        export_trial(encoder, tmp_path / "out")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(encoder, tmp_path):
    (tmp_path / "out").mkdir(mode=0o555)
    with pytest.raises(UserError, match="cannot be written"):
        export_trial(encoder, tmp_path / "out")


def test_an_earlier_export_is_not_touched_without_force(exported, encoder):
    before = content(exported)
    with pytest.raises(UserError, match="'.*/safetensors' exists; give --force"):
        export_trial(replace(encoder, trial=4), exported.parent)
    assert content(exported) == before


def test_force_replaces_an_earlier_export(exported, encoder):
    export_trial(replace(encoder, trial=4), exported.parent, force=True)
    assert load(exported).config.content["trial"] == 4
    assert names(exported.parent) == ["safetensors"]


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_is_no_export_is_never_replaced(in_process, encoder, tmp_path, force):
    mine = tmp_path / "out" / "safetensors"
    mine.mkdir(parents=True)
    (mine / "thesis.tex").write_text("years")
    with pytest.raises(UserError, match="exists"):
        export_trial(encoder, tmp_path / "out", force=force)
    assert names(mine) == ["thesis.tex"]


def test_weights_that_were_spoilt_on_the_way_fail_and_leave_nothing(in_process, encoder, tmp_path, monkeypatch):
    write = Safetensors.write

    def spoilt(self, subject, folder):
        write(self, subject, folder)
        path = folder / "model.safetensors"
        data = bytearray(path.read_bytes())
        data[-1] ^= 0x40  # the exponent of the last weight
        path.write_bytes(data)

    monkeypatch.setattr(Safetensors, "write", spoilt)
    with pytest.raises(ExportFailed, match="is not the trained model: outputs of probe image differ"):
        export_trial(encoder, tmp_path / "out")
    assert names(tmp_path) == []


def test_weights_that_cannot_be_read_fail_and_leave_nothing(in_process, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(Safetensors, "write", lambda self, subject, folder: None)
    with pytest.raises(ExportFailed, match=r"cannot be opened: .*model.safetensors' cannot be read"):
        export_trial(encoder, tmp_path / "out")
    assert names(tmp_path) == []


def test_other_weights_than_those_that_the_study_scored_are_refused(in_process, encoder, tmp_path):
    (score,) = encoder.scores
    recorded = replace(score, value=score.value - 0.2, low=score.value - 0.25, high=score.value - 0.15)
    with pytest.raises(ExportFailed, match="trial 3 of small was recorded with .*: these are not its weights"):
        export_trial(replace(encoder, scores=(recorded,)), tmp_path / "out")
    assert names(tmp_path) == []


def test_a_task_whose_data_is_gone_cannot_be_proven(in_process, decoder, tmp_path, monkeypatch):
    monkeypatch.setattr(type(decoder.task), "spec", {"path": str(tmp_path / "gone.txt"), "data_hash": "0"})
    with pytest.raises(ExportFailed, match="cannot be scored: The task's data '.*gone.txt' is not on this machine"):
        export_trial(decoder, tmp_path / "out")


def test_measurements_of_the_export_go_into_its_proof(in_process, encoder, tmp_path):
    retimed = replace(encoder.measurements[0], value=2e-3)
    (export,) = export_trial(encoder, tmp_path / "out", retime=lambda: [retimed])
    assert export.proof.measurements == (retimed,)
    assert "Costs of this export" in (export.folder / "README.md").read_text()


@pytest.mark.parametrize("study", ["../../evil", "/etc/passwd", "a\0b", "x" * 300])
def test_a_studys_name_never_becomes_a_path(in_process, encoder, tmp_path, study):
    export_trial(replace(encoder, study=study), tmp_path / "out")
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert files == [f"out/safetensors/{name}" for name in FILES]


def test_two_exports_do_not_work_in_one_folder_at_once(encoder, tmp_path):
    (tmp_path / "out").mkdir()
    other = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        with pytest.raises(UserError, match="Another export works in"):
            export_trial(encoder, tmp_path / "out")
    finally:
        os.close(other)


def killed(place, work):
    """Run `work` in a fork that is killed when it reaches the function at `place`."""
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(place, lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL))
                work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"{place} was not reached"


POINTS = [
    "paretoformer.export.exporting.write_config",
    "paretoformer.export.formats.safetensors.write_weights",
    "paretoformer.export.exporting.find_in_fresh_process",
    "paretoformer.export.proof.write_json",
    "paretoformer.export.staging._place",
]


@pytest.mark.parametrize("place", POINTS)
def test_a_killed_export_leaves_nothing_that_looks_finished(in_process, encoder, tmp_path, place):
    out = tmp_path / "out"
    killed(place, lambda: export_trial(encoder, out))
    assert not (out / "safetensors").exists()
    with pytest.raises(UserError):
        load(out / "safetensors")
    export_trial(encoder, out)
    assert names(out) == ["safetensors"]


@pytest.mark.parametrize("place", [*POINTS, "paretoformer.export.staging.shutil.rmtree"])
def test_an_export_that_was_to_be_replaced_survives_a_kill(exported, encoder, place):
    def again():
        export_trial(replace(encoder, trial=4), exported.parent, force=True)

    killed(place, again)
    assert verify(exported).passed
    again()
    assert load(exported).config.content["trial"] == 4
    assert names(exported.parent) == ["safetensors"]


def test_an_export_killed_while_it_takes_the_place_of_another_brings_that_back(exported, encoder, in_process):
    earlier = content(exported)
    exported.rename(exported.parent / ".safetensors.paretoformer-old")  # as between the two renames
    with pytest.raises(UserError, match="exists; give --force"):
        export_trial(encoder, exported.parent)
    assert content(exported) == earlier


@pytest.mark.slow
def test_a_tied_decoder_passes_the_fresh_process(decoder, tmp_path):
    (export,) = export_trial(decoder, tmp_path / "out")
    assert set(export.proof.fresh.differences) == {"long", "short"}
    assert torch.equal(load(export.folder).model.head.weight, decoder.model.head.weight)

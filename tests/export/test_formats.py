import pytest
import torch

from paretoformer.export import registry
from paretoformer.export.config import read_config, write_config
from paretoformer.export.probes import make_probes
from paretoformer.records.errors import UserError


@pytest.fixture(params=registry.format_names())
def kind(request):
    return registry.export_format(request.param)


@pytest.fixture(params=["encoder", "decoder"])
def written(request, kind, tmp_path):
    subject = request.getfixturevalue(request.param)
    folder = tmp_path / kind.name
    folder.mkdir()
    write_config(subject, kind.name, folder)
    kind.write(subject, folder)
    return subject, folder


def test_what_a_format_writes_runs_as_the_live_model_does(kind, written):
    subject, folder = written
    run = kind.open(folder)
    for probe in make_probes(subject.signature).values():
        with torch.no_grad():
            expected = subject.model(probe.inputs, probe.lengths)
            scale = max(1.0, float(expected.abs().max()))
            assert float((run(probe.inputs, probe.lengths) - expected).abs().max()) <= kind.tolerance * scale


def test_the_lines_of_the_card_load_and_run_it(kind, written, monkeypatch):
    subject, folder = written
    monkeypatch.chdir(folder.parent)
    inputs = next(iter(make_probes(subject.signature).values())).inputs
    names = {"inputs": inputs}
    exec(kind.usage, names)
    assert names["outputs"].shape == subject.model(inputs).shape


def test_the_config_names_its_format(kind, written):
    _, folder = written
    assert read_config(folder).format == kind.name


@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_empty_or_cut_file_is_refused_by_name(kind, written, count):
    _, folder = written
    for path in folder.iterdir():
        if path.name != "config.json":
            path.write_bytes(path.read_bytes()[: count * 8])
            with pytest.raises(UserError, match=path.name):
                kind.open(folder)


def test_a_name_is_given_once(kind):
    with pytest.raises(ValueError, match=f"format {kind.name} is registered twice"):
        registry.register_format(kind.name)(type(kind))

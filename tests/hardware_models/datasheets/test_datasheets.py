"""Every datasheet that ships is whole, and what is wrong with one is told in a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from paretoformer.hardware_models.datasheets.catalogue import (
    VARIABLE,
    add_datasheet,
    datasheet,
    datasheet_names,
    shipped_names,
)
from paretoformer.hardware_models.datasheets.datasheet import Datasheet, Figure, read_datasheet
from paretoformer.records.errors import UserError
from paretoformer.records.target import PRECISIONS, parse_target

Edit = Callable[[dict[str, Any]], Any]


@pytest.fixture(params=shipped_names())
def sheet(request: pytest.FixtureRequest) -> Datasheet:
    found = datasheet(request.param)
    assert found is not None
    return found


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "devices"))
    return tmp_path / "devices"


def written(folder: Path, name: str = "my-board", **changes: Any) -> Path:
    value = datasheet("raspberry-pi-4").to_json() | {"name": name} | changes
    path = folder / "board.yaml"
    path.write_text(yaml.safe_dump(value))
    return path


def figures(sheet: Datasheet) -> dict[str, Figure]:
    found = {"cores": sheet.cores, "bandwidth": sheet.bandwidth_bytes_per_s, "memory": sheet.memory_bytes}
    found |= {**sheet.macs_per_s, **sheet.caches_bytes}
    return found if sheet.power_w is None else {**found, "power": sheet.power_w}


def test_a_name_is_that_of_the_file_and_can_be_a_target(sheet: Datasheet) -> None:
    assert parse_target(sheet.name).device == sheet.name in shipped_names()


def test_every_figure_has_a_source(sheet: Datasheet) -> None:
    assert all(len(figure.source) > 10 for figure in figures(sheet).values())


def test_what_a_cpu_computes_follows_from_what_its_source_says(sheet: Datasheet) -> None:
    if sheet.kind != "cpu":
        pytest.skip("makers tell the rates of GPUs")
    assert all(figure.derived for figure in sheet.macs_per_s.values())


def test_narrow_numbers_are_not_slower(sheet: Datasheet) -> None:
    rates = [sheet.macs_per_s[name].value for name in PRECISIONS if name in sheet.macs_per_s]
    assert rates == sorted(rates)


def test_a_datasheet_survives_json(sheet: Datasheet) -> None:
    assert read_datasheet(json.loads(json.dumps(sheet.to_json())), "json") == sheet


def test_all_threads_have_the_whole_rate_and_one_its_share(sheet: Datasheet) -> None:
    whole, one = sheet.rates(sheet.threads), sheet.rates(1)
    assert whole.macs_per_s == {name: figure.value for name, figure in sheet.macs_per_s.items()}
    assert one.macs_per_s["fp32"] * sheet.threads == pytest.approx(whole.macs_per_s["fp32"])
    assert one.bytes_per_s == whole.bytes_per_s == sheet.bandwidth_bytes_per_s.value


def test_datasheets_have_identities_of_their_own() -> None:
    assert len({datasheet(name).digest for name in shipped_names()}) == len(shipped_names())


def test_an_unknown_name_has_none() -> None:
    assert datasheet("abacus") is None


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda v: v["macs_per_s"]["fp32"].update(value=-1), "macs_per_s.fp32 is -1, and it must be above 0."),
        (lambda v: v["bandwidth_bytes_per_s"].update(value=0), "bandwidth_bytes_per_s is 0, and it must be above 0."),
        (lambda v: v["cores"].update(value="four"), "cores is 'four', and it must be a number."),
        (lambda v: v["cores"].update(value=2.5), "cores is 2.5, and it must be a whole number."),
        (lambda v: v["memory_bytes"].update(value=float("inf")), "memory_bytes is inf, and it must be a number."),
        (lambda v: v["memory_bytes"].update(value=True), "memory_bytes is True, and it must be a number."),
        (lambda v: v["memory_bytes"].pop("source"), "memory_bytes is .*, and it must be a figure with a value and its source"),
        (lambda v: v["memory_bytes"].update(source=""), "memory_bytes.source is '', and it must be text."),
        (lambda v: v["memory_bytes"].update(year=2019), "memory_bytes: 'year' is not a field of a figure"),
        (lambda v: v.update(memory_bytes=8), "memory_bytes is 8, and it must be a figure"),
        (lambda v: v.pop("macs_per_s"), "macs_per_s is missing; a datasheet has name, "),
        (lambda v: v["macs_per_s"].clear(), "macs_per_s is empty, and at least one precision has a rate"),
        (lambda v: v["macs_per_s"].update(fp64=v["cores"]), "macs_per_s: 'fp64' is not a field of the rates"),
        (lambda v: v.update(macs_per_s=[1]), "macs_per_s is .*, and it must be a mapping"),
        (lambda v: v.update(clock=1), "'clock' is not a field of a datasheet; fields: name, title"),
        (lambda v: v.update(kind="tpu"), "kind is 'tpu', and it must be cpu or gpu."),
        (lambda v: v.update(name="my board"), "name is 'my board', and it must begin with a letter"),
        (lambda v: v.update(title=[]), "title is .*, and it must be text."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_and_field(edit: Edit, sentence: str) -> None:
    value = datasheet("raspberry-pi-4").to_json()
    edit(value)
    with pytest.raises(UserError, match=sentence) as refusal:
        read_datasheet(value, "board.yaml")
    assert str(refusal.value).startswith("board.yaml: ")


def test_a_datasheet_of_ones_own_is_kept_as_it_was_written(own: Path, tmp_path: Path) -> None:
    path = written(tmp_path)
    added = add_datasheet(path)
    path.unlink()
    assert datasheet("my-board") == added
    assert datasheet_names() == (*shipped_names(), "my-board")
    assert [each.name for each in own.iterdir()] == ["my-board.yaml"]


def test_a_datasheet_of_ones_own_is_replaced_by_its_next_version(own: Path, tmp_path: Path) -> None:
    before = add_datasheet(written(tmp_path))
    after = add_datasheet(written(tmp_path, title="Overclocked"))
    assert datasheet("my-board") == after
    assert before.digest != after.digest


@pytest.mark.parametrize("name", ["raspberry-pi-4", "cpu"])
def test_a_name_that_is_taken_is_refused(own: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"name is '{name}', and paretoformer has a device of that name"):
        add_datasheet(written(tmp_path, name=name))
    assert not own.exists()


def test_a_file_that_is_not_there_is_told(own: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing\.yaml cannot be read: No such file"):
        add_datasheet(tmp_path / "nothing.yaml")


def test_a_file_that_is_no_yaml_is_told(own: Path, tmp_path: Path) -> None:
    path = tmp_path / "board.yaml"
    path.write_text("name: [")
    with pytest.raises(UserError, match=r"board\.yaml is not valid YAML"):
        add_datasheet(path)


def test_a_kept_file_that_was_changed_since_is_told_by_its_place(own: Path, tmp_path: Path) -> None:
    add_datasheet(written(tmp_path))
    (own / "my-board.yaml").write_text("name: my-board\n")
    with pytest.raises(UserError, match=r"devices/my-board\.yaml: title is missing"):
        datasheet("my-board")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with folders for data and for a cache, and no other wish."""
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_a_datasheet_outlives_the_cache(home: Path) -> None:
    add_datasheet(written(home))
    assert (home / "data/paretoformer/devices/my-board.yaml").is_file()
    assert not (home / "cache").exists()
    assert "my-board" in datasheet_names()


def test_a_datasheet_that_an_earlier_version_kept_is_found_until_it_is_added_anew(home: Path) -> None:
    old = home / "cache/paretoformer/devices"
    old.mkdir(parents=True)
    written(home, title="old").rename(old / "my-board.yaml")
    assert getattr(datasheet("my-board"), "title", None) == "old"
    add_datasheet(written(home, title="new"))
    assert getattr(datasheet("my-board"), "title", None) == "new"
    assert datasheet_names().count("my-board") == 1

import json
from dataclasses import replace
from importlib.util import find_spec

import pytest

from paretoformer.hardware_models.devices import RUNNING, device_names, probe, usable_cores
from paretoformer.records.errors import UserError


def test_every_machine_has_a_cpu() -> None:
    assert device_names()[0] == "cpu"


@pytest.mark.parametrize("name", device_names())
def test_a_device_is_recognised_when_probed_again(name: str) -> None:
    assert probe(name).digest == probe(name).digest


@pytest.mark.parametrize("name", device_names())
def test_a_fingerprint_is_plain_json(name: str) -> None:
    fingerprint = probe(name).fingerprint
    assert json.loads(json.dumps(fingerprint)) == fingerprint


def test_another_torch_is_another_device() -> None:
    here = probe("cpu")
    other = replace(here, fingerprint={**here.fingerprint, "torch": "0.1"})
    assert other.digest != here.digest


def test_the_clock_of_the_moment_is_no_part_of_the_identity() -> None:
    here = probe("cpu")
    assert replace(here, momentary={"clock_mhz": 1}).digest == here.digest


def test_an_unknown_device_is_refused_with_those_of_the_machine() -> None:
    with pytest.raises(UserError, match=r"'tpu' is not a device of this machine; it has cpu"):
        probe("tpu")


def test_a_process_may_use_a_core() -> None:
    assert usable_cores() >= 1


@pytest.mark.parametrize("name", RUNNING)
def test_a_library_that_runs_models_is_part_of_the_identity_where_it_is_installed(name: str) -> None:
    assert (name in probe("cpu").fingerprint) == (find_spec(name) is not None)


def test_an_unknown_device_is_told_the_datasheets_too() -> None:
    with pytest.raises(UserError, match="there are datasheets of .*raspberry-pi-4"):
        probe("tpu")

"""docs/hardware.md holds what its readers can copy."""

import re
from pathlib import Path

import pytest

from paretoformer.hardware_models.datasheets.datasheet import read_datasheet
from paretoformer.records.target import PRECISIONS
from paretoformer.runtimes.registry import runtime_names
from paretoformer.search_spaces.yaml_file import read_yaml

PAGE = Path(__file__).parents[1] / "docs" / "hardware.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_its_datasheet_can_be_added(page) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    found = read_datasheet(read_yaml(example, "the page"), "the page")
    assert found.rates(2).macs_per_s == {"fp32": 12e9}


@pytest.mark.parametrize("name", [*runtime_names(), "roofline", *PRECISIONS])
def test_every_runtime_and_precision_stands_there(page, name) -> None:
    assert f"`{name}`" in page

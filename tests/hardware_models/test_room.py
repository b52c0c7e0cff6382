"""What does not fit on a board is refused there, and its memory told all the same."""

from pathlib import Path

import pytest
import yaml

from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.datasheets.catalogue import VARIABLE, add_datasheet, datasheet
from paretoformer.hardware_models.measuring import take_visit
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.energy_model import EnergyModelMeter
from paretoformer.hardware_models.meters.memory_model import MemoryModelMeter
from paretoformer.hardware_models.meters.modelled import ModelledMeter
from paretoformer.hardware_models.meters.roofline import RooflineMeter
from paretoformer.hardware_models.room import DoesNotFit
from paretoformer.hardware_models.targets import fill
from paretoformer.records.target import Target, parse_target


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "devices"))


def board(folder: Path, subject: Subject, memory: float) -> Target:
    sheet = datasheet("raspberry-pi-4")
    assert sheet is not None
    value = {**sheet.to_json(), "name": "board", "memory_bytes": {"value": memory, "source": "the label on its back"}}
    path = folder / "board.yaml"
    path.write_text(yaml.safe_dump(value))
    add_datasheet(path)
    return fill(parse_target("board"), subject.signature)


def memory_on(target: Target, subject: Subject) -> float:
    return float(take_visit(MemoryModelMeter(), subject, target).readings["memory"])


@pytest.mark.parametrize("meter", [RooflineMeter(), EnergyModelMeter()])
def test_a_model_runs_where_it_just_fits_and_nowhere_smaller(
    meter: ModelledMeter, text_subject: Subject, tmp_path: Path
) -> None:
    needed = memory_on(board(tmp_path, text_subject, 1e9), text_subject)
    assert take_visit(meter, text_subject, board(tmp_path, text_subject, needed)).readings
    small = board(tmp_path, text_subject, needed - 1)
    with pytest.raises(DoesNotFit, match=r"board:.*: it does not fit there: it takes .*, and board has .*\.$"):
        take_visit(meter, text_subject, small)
    assert memory_on(small, text_subject) == needed


def test_another_architecture_may_fit(text_subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(CannotRun):
        take_visit(RooflineMeter(), text_subject, board(tmp_path, text_subject, 1.0))

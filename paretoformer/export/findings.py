"""What is found when an export is opened and run."""

import os.path
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.registry import is_task
from paretoformer.evaluators.task import Task
from paretoformer.export.config import ExportConfig, read_config, versions
from paretoformer.export.held_out import HeldOutScore, held_out_scores
from paretoformer.export.probes import differences
from paretoformer.export.registry import export_format
from paretoformer.records.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Findings:
    """`differences` are relative to the live model's outputs, by probe; `skipped` says why there are no scores."""

    differences: Mapping[str, float]
    scores: tuple[HeldOutScore, ...]
    versions: Mapping[str, str]
    skipped: str | None = None

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Findings":
        """Read what `to_json` wrote."""
        scores = tuple(HeldOutScore(**score) for score in value["scores"])
        return Findings(**{**value, "scores": scores})


def find(folder: Path) -> Findings:
    """Open an export in this process, run its probes and, where its task can be opened here, the held-out data.

    Raises:
        UserError: a file is missing or damaged, or the files do not fit one another.
    """
    config = read_config(folder)
    run = export_format(config.format).open(folder)
    found = differences(run, config.signature, folder)
    try:
        task = _task(config)
    except UserError as error:
        return Findings(differences=found, scores=(), versions=versions(), skipped=str(error))
    return Findings(differences=found, scores=held_out_scores(run, task), versions=versions())


def _task(config: ExportConfig) -> Task:
    """The task as the config says, whose path may come from anywhere: only plain files and folders are opened."""
    spec = dict(config.task_spec)
    place = spec.get("task", spec.get("path"))
    if not isinstance(place, str) or "data_hash" not in spec:
        raise UserError("The config's task has neither a name nor a path with the hash of its data.")
    if not is_task(place) and not (os.path.isfile(place) or os.path.isdir(place)):
        raise UserError(f"The task's data '{place}' is not on this machine.")
    task = open_task(spec)
    if task.signature != config.signature:
        raise UserError(f"Task '{task.name}' has another signature than the model: {task.signature}.")
    return task

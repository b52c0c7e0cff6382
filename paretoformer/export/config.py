"""`config.json`: what an exported model is and where it comes from."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from paretoformer.evaluators.stored_model import CONFIG_FILE, CONFIG_VERSION, StoredModel, read_stored
from paretoformer.export.subject import Exportable
from paretoformer.records.errors import UserError
from paretoformer.records.json_file import write_json
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.counts import count


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """A config as read: `stored` is what the model is built from, with the whole JSON."""

    format: str
    task_spec: Mapping[str, Any]
    classes: tuple[str, ...] | None
    stored: StoredModel

    @property
    def architecture(self) -> Architecture:
        """The model's."""
        return self.stored.architecture

    @property
    def signature(self) -> Signature:
        """The task's."""
        return self.stored.signature

    @property
    def content(self) -> Mapping[str, Any]:
        """The whole JSON."""
        return self.stored.content


def versions() -> dict[str, str]:
    """Versions of what computes here."""
    return {"paretoformer": version("paretoformer"), "torch": torch.__version__, "python": platform.python_version()}


def write_config(subject: Exportable, format_name: str, folder: Path) -> None:
    """Write everything but weights into `folder`."""
    task = subject.task
    classes = getattr(task, "classes", None)
    about = {"name": task.name, "title": task.about.title, "spec": task.spec, "data_hash": task.data_hash}
    if scaling := getattr(task, "scaling", None):
        about["scaling"] = {name: asdict(each) for name, each in scaling.items()}
    value = {
        "version": CONFIG_VERSION,
        "format": format_name,
        "study": subject.study,
        "trial": subject.trial,
        "architecture_digest": subject.architecture.digest,
        "architecture": subject.architecture.to_json(),
        "signature": subject.signature.to_json(),
        "task": about if classes is None else {**about, "classes": list(classes)},
        "recipe": subject.recipe.to_json(),
        "seeds": dict(subject.seeds),
        "counts": count(subject.architecture, subject.signature).to_json(),
        "scores": [asdict(score) for score in subject.scores],
        "measurements": [asdict(measurement) for measurement in subject.measurements],
        "provenance": dict(subject.provenance),
        "versions": versions(),
    }
    write_json(folder / CONFIG_FILE, value)


def read_config(folder: Path) -> ExportConfig:
    """Read and check the config of an export.

    Raises:
        UserError: missing, no JSON, of another version, or it describes no valid model; names the file.
    """
    stored, path = read_stored(folder), folder / CONFIG_FILE
    try:
        return _config(stored)
    except UserError as error:
        raise UserError(f"'{path}': {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"'{path}' describes no model: {type(error).__name__} {error}.") from error


def _config(stored: StoredModel) -> ExportConfig:
    task = stored.content["task"]
    classes = task.get("classes")
    return ExportConfig(
        format=str(stored.content["format"]),
        task_spec=dict(task["spec"]),
        classes=None if classes is None else tuple(str(name) for name in classes),
        stored=stored,
    )

"""`config.json`: what an exported model is and where it comes from."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from paretoformer.export.json_file import read_json, write_json
from paretoformer.export.subject import Exportable
from paretoformer.records.errors import UserError
from paretoformer.records.signature import Signature
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.counts import count

CONFIG_FILE = "config.json"
CONFIG_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """A config as read: `content` is the whole JSON, the rest what a model is built from."""

    format: str
    architecture: Architecture
    signature: Signature
    task_spec: Mapping[str, Any]
    classes: tuple[str, ...] | None
    content: Mapping[str, Any]


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
    path = folder / CONFIG_FILE
    value = read_json(path)
    if value.get("version") != CONFIG_VERSION:
        raise UserError(
            f"'{path}' has the version {value.get('version')!r}, and this paretoformer reads version {CONFIG_VERSION}."
        )
    try:
        config = _config(value)
        config.architecture.check(config.signature)
    except UserError as error:
        raise UserError(f"'{path}': {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"'{path}' describes no model: {type(error).__name__} {error}.") from error
    return config


def _config(value: dict[str, Any]) -> ExportConfig:
    architecture = Architecture.from_json(value["architecture"])
    if architecture.digest != value["architecture_digest"]:
        raise UserError("the architecture is not the one that its digest names.")
    classes = value["task"].get("classes")
    return ExportConfig(
        format=str(value["format"]),
        architecture=architecture,
        signature=_signature(value["signature"]),
        task_spec=dict(value["task"]["spec"]),
        classes=None if classes is None else tuple(str(name) for name in classes),
        content=value,
    )


def _signature(value: dict[str, Any]) -> Signature:
    signature = Signature.from_json(value)
    for name, size in {**asdict(signature.input), **asdict(signature.output)}.items():
        if type(size) is not int or size < 1:
            raise UserError(f"the signature has {name} {size!r}, and it must be a whole number from 1.")
    return signature

"""Weights as safetensors beside the config: loaded by paretoformer itself."""

from pathlib import Path
from typing import ClassVar

from paretoformer.evaluators.stored_weights import WEIGHTS_FILE
from paretoformer.export.format import Format, Run
from paretoformer.export.loading import load
from paretoformer.export.registry import register_format
from paretoformer.export.subject import Exportable
from paretoformer.export.weights import write_weights


@register_format("safetensors")
class Safetensors(Format):
    """`model.safetensors` has every tensor of the model once, under its first name."""

    title: ClassVar[str] = "weights for paretoformer"
    usage: ClassVar[str] = (
        "from paretoformer.export.loading import load\n"
        'loaded = load("safetensors")  # the folder that this file lies in\n'
        "outputs = loaded.model(inputs)"
    )

    def write(self, subject: Exportable, folder: Path) -> None:
        """Write `model.safetensors`."""
        write_weights(subject.model, folder / WEIGHTS_FILE)

    def open(self, folder: Path) -> Run:
        """The model that `load` gives."""
        return load(folder).model

"""The contract of formats: how a trained model is written, and how a fresh process runs what was written."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from torch import Tensor

from paretoformer.export.subject import Exportable
from paretoformer.search_spaces.contract import Source

Run = Callable[[Tensor, Tensor | None, Source | None], Tensor]
"""An exported model as a call: inputs, lengths (or None) and the source (or None) as the signature says -> its output."""


class Format(ABC):
    """One way of writing a model. The config, the model card, the probes and the proof are written around it.

    `tolerance` bounds how far outputs may lie from the live model's, relative to the largest output (at least 1).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    tolerance: ClassVar[float] = 1e-5
    usage: ClassVar[str]
    """Three lines of Python that load it from its folder."""

    @abstractmethod
    def write(self, subject: Exportable, folder: Path) -> None:
        """Write the model's own files into `folder`, whose config is there already."""

    @abstractmethod
    def open(self, folder: Path) -> Run:
        """What was written, ready to run on a CPU. Nothing from the folder is executed or unpickled.

        Raises:
            UserError: a file is missing, damaged, or does not fit the config; names the file.
        """

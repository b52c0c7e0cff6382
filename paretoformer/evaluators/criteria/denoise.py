"""Writing a text of which a corrupted form is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.noising import Ids, NoiseOptions, corrupted, drawing, noises
from paretoformer.evaluators.rewriting import beside_source, padded, rewritable, texts, whole_inputs
from paretoformer.records.errors import UserError
from paretoformer.records.signature import TokenInput
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("denoise", papers=(4,))
@dataclass(frozen=True, kw_only=True)
class Denoise(Criterion):
    """Mean nats a token of the text that a model writes while it reads the same text corrupted.

    `noise` is masking, deletion, infilling, permutation or rotation, or a mix as in the default; `rate` is the share of tokens
    that are hidden, `span` the mean length of an infilled span, `stop` the token that ends a sentence (46 is the full
    stop of bytes). An encoder-decoder of tokens beside tokens reads the corrupted text in place of its source; an encoder of tokens
    alone takes masking, and names what is behind each mask by a head of the criterion's own. Begin and end are
    never touched. Source: paper 4, section 2.2.
    """

    noise: str = "infilling+permutation"
    rate: float = 0.3
    span: float = 3.0
    stop: int = 46

    def __post_init__(self) -> None:
        noises(self.noise)
        if not 0 <= self.rate <= 1:
            raise UserError(f"The option 'rate' of criterion denoise is {self.rate}; it must lie between 0 and 1.")
        if not 1 <= self.span <= 1_000:
            raise UserError(f"The option 'span' of criterion denoise is {self.span}; it must lie between 1 and 1000.")

    def problems(self, task: "Task") -> Iterator[str]:
        """Tokens are read, and where there is a source it has the same ones; a mask is there where one is needed."""
        signature = task.signature
        alone = signature.source is None and isinstance(signature.input, TokenInput) and not signature.causal
        if not alone and not (signature.source is not None and rewritable(task)):
            yield (
                "criterion denoise needs an encoder that reads tokens, beside a source of the same vocabulary where tokens are "
                f"written, and {task.name} gives {signature}"
            )
        elif alone and self.noise != "masking":
            yield (
                f"criterion denoise with noise {self.noise} writes a text beside a source, and {task.name} has none; use "
                "denoise:noise=masking"
            )
        if any(noise.masks for noise in noises(self.noise)) and task.symbols.mask is None:
            yield f"criterion denoise with noise {self.noise} writes a mask, and {task.name} has no token for one"

    def bind(self, model: Model, task: "Task") -> Objective:
        """An encoder-decoder, or an encoder alone.

        Raises:
            UserError: the model is neither.
        """
        if task.signature.source is None:
            if model.architecture.topology.decodes or type(model).states is Model.states:
                raise UserError(
                    f"The criterion denoise reads a text as a whole, and topology {model.architecture.topology.choice} does not "
                    "do that token by token; use topology encoder."
                )
            return MaskedObjective(self, model, task)
        if type(model).read_source is Model.read_source:
            raise UserError(
                f"The criterion denoise reads the corrupted text by an encoder, and topology "
                f"{model.architecture.topology.choice} has none; use encoder-decoder."
            )
        return RewritingObjective(self, model, task)

    def corrupt(self, rows: list[Ids], task: "Task", generator: torch.Generator) -> list[Ids]:
        """Each row after the noise, its begin and end as they were."""
        rng, mix, symbols = drawing(generator), noises(self.noise), task.symbols
        mask = IGNORED if symbols.mask is None else symbols.mask  # checked by problems: none is written then
        options = NoiseOptions(rate=self.rate, span=self.span, mask=mask, stop=self.stop)
        found = []
        for row in rows:
            first = int(len(row) > 0 and row[0] == symbols.begin)
            last = len(row) - int(len(row) > first and row[-1] == symbols.end)
            inner = corrupted(row[first:last], mix, options, rng)
            found.append(np.concatenate((row[:first], inner, row[last:])))
        return found


class RewritingObjective(Objective):
    """The corrupted text stands as the source, and the text is written as the task has it."""

    def __init__(self, criterion: Denoise, model: Model, task: "Task") -> None:
        super().__init__(model)
        self._criterion, self._task = criterion, task

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """Cross-entropy of the text."""
        read = self._criterion.corrupt(texts(batch, self._task.symbols.end), self._task, generator)
        given = Examples(inputs=batch.inputs, targets=batch.targets, source=beside_source(read, self._task))
        source = given.to(batch.inputs.device).source
        rows = self.model(batch.inputs, batch.lengths, source).float().flatten(0, 1)
        return cross_entropy(rows, batch.targets.flatten(), ignore_index=IGNORED)


class MaskedObjective(Objective):
    """What stands behind each mask is named by a head over the encoder's states."""

    def __init__(self, criterion: Denoise, model: Model, task: "Task") -> None:
        super().__init__(model)
        assert isinstance(task.signature.input, TokenInput), "checked by problems"
        self._criterion, self._task = criterion, task
        self.head = nn.Linear(model.architecture.stacks[-1].width, task.signature.input.vocabulary)

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """Cross-entropy at the masks; 0 where there is none."""
        rows = whole_inputs(batch)
        read = self._criterion.corrupt(rows, self._task, generator)
        inputs, _ = padded(read, self._task.symbols.padding or 0)
        asked = [_asked(row, form) for row, form in zip(rows, read, strict=True)]
        device = batch.inputs.device
        targets = padded(asked, IGNORED)[0].to(device)
        scores = self.head(self.model.states(inputs.to(device), batch.lengths)).float().flatten(0, 1)
        nats = cross_entropy(scores, targets.flatten(), ignore_index=IGNORED, reduction="sum")
        return nats / (targets != IGNORED).sum().clamp_min(1)


def _asked(row: Ids, form: Ids) -> Ids:
    """The tokens that the masked form does not show."""
    found = row.copy()
    found[row == form] = IGNORED
    return found

"""Writing only what was hidden, span by span."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from paretoformer.evaluators.criterion import Criterion, Objective, register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.noising import Ids, drawing
from paretoformer.evaluators.rewriting import beside_source, continued, rewritable, texts, written
from paretoformer.records.errors import UserError
from paretoformer.records.signature import TokenInput
from paretoformer.search_spaces.contract import Model

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("spans")
@dataclass(frozen=True, kw_only=True)
class Spans(Criterion):
    """Mean nats a token of the hidden spans, written one after another, a mask before each and one at the end.

    A share `rate` of the tokens lies in spans of the mean length `span`, of which each is one mask in what is read. An encoder-decoder
    reads that in place of its source; a decoder alone goes on from it, with the text cut so that both fit. Source: T5
    (Raffel et al. 2019, section 3.1.4), with one mask for all spans in the place of one for each.
    """

    rate: float = 0.15
    span: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise UserError(f"The option 'rate' of criterion spans is {self.rate}; it must lie between 0 and 1.")
        if not self.span >= 1:
            raise UserError(f"The option 'span' of criterion spans is {self.span}; it must be at least 1.")

    def problems(self, task: "Task") -> Iterator[str]:
        """Tokens are written, after a source of the same ones if there is a source; and there is a mask."""
        if not rewritable(task):
            yield (
                f"criterion spans writes tokens, beside a source of the same vocabulary if any, and {task.name} gives "
                f"{task.signature}"
            )
        elif task.symbols.mask is None:
            yield f"criterion spans writes a mask for each span, and {task.name} has no token for one"

    def bind(self, model: Model, task: "Task") -> "SpansObjective":
        """A decoder, with an encoder of the source where there is one.

        Raises:
            UserError: it reads no such source.
        """
        if task.signature.source is not None and type(model).read_source is Model.read_source:
            raise UserError(
                "The criterion spans reads the text with its gaps by an encoder, and topology "
                f"{model.architecture.topology.choice} has none; use encoder-decoder."
            )
        return SpansObjective(self, model, task)

    def counts(self, length: int) -> tuple[int, int]:
        """Hidden tokens and spans of a text of `length`, which is at least 2: neither all nor none of it is hidden."""
        hidden = min(max(round(length * self.rate), 1), length - 1)
        return hidden, min(max(round(hidden / self.span), 1), hidden, length - hidden)

    def parted(self, row: Ids, mask: int, rng: np.random.Generator) -> tuple[Ids, Ids]:
        """What is read and what is written of a text (n,); what is shown before the first span and behind the last may be empty."""
        hidden, spans = self.counts(len(row))
        shown_lengths, hidden_lengths = _dealt(len(row) - hidden + 2, spans + 1, rng), _dealt(hidden, spans, rng)
        shown_lengths[[0, -1]] -= 1
        cuts = np.cumsum(np.stack((shown_lengths[:-1], hidden_lengths), 1).ravel())
        parts, sign = np.split(row, cuts), np.array([mask])
        read = [piece for shown in parts[:-1:2] for piece in (shown, sign)]
        told = [piece for gone in parts[1::2] for piece in (sign, gone)]
        return np.concatenate((*read, parts[-1])), np.concatenate((*told, sign))


class SpansObjective(Objective):
    """The module of `Spans`."""

    def __init__(self, criterion: Spans, model: Model, task: "Task") -> None:
        super().__init__(model)
        assert isinstance(task.signature.input, TokenInput) and task.symbols.mask is not None, "checked by problems"
        self._criterion, self._task, self._mask = criterion, task, task.symbols.mask
        self._longest = self._fitting(task.signature.input.length)

    def forward(self, batch: Examples, generator: torch.Generator) -> Tensor:
        """Cross-entropy of what is written; texts of less than two tokens say nothing."""
        given = self.examples(batch, generator).to(batch.inputs.device)
        rows = self.model(given.inputs, given.lengths, given.source).float().flatten(0, 1)
        nats = cross_entropy(rows, given.targets.flatten(), ignore_index=IGNORED, reduction="sum")
        return nats / (given.targets != IGNORED).sum().clamp_min(1)

    def examples(self, batch: Examples, generator: torch.Generator) -> Examples:
        """The batch with its texts parted."""
        rng, task = drawing(generator), self._task
        rows = [row[: self._longest] for row in texts(batch, task.symbols.end)]
        nothing = np.array([self._mask]), np.array([self._mask])
        pairs = [self._criterion.parted(row, self._mask, rng) if len(row) > 1 else nothing for row in rows]
        read, told = [read for read, _ in pairs], [told for _, told in pairs]
        if task.signature.source is None:
            return continued(read, told, task)
        first = self._mask if task.symbols.begin is None else task.symbols.begin
        return written(told, first, task, beside_source(read, task))

    def _fitting(self, length: int) -> int:
        """Tokens of a text that, parted, is no longer than a sequence of the task."""
        if self._task.signature.source is not None:
            return length
        return max(n for n in range(2, length + 1) if n + 2 * self._criterion.counts(n)[1] <= length)


def _dealt(total: int, parts: int, rng: np.random.Generator) -> Ids:
    """`total` as the sum of so many lengths of at least 1, all ways alike."""
    cuts = np.sort(rng.permutation(total - 1)[: parts - 1]) + 1
    return np.diff(np.concatenate(([0], cuts, [total])))

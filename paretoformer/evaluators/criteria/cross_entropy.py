"""Cross-entropy of the target class, of each token's label or of the next token."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional

from paretoformer.evaluators.criterion import register_criterion
from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.output_loss import OutputCriterion
from paretoformer.records.signature import ClassOutput, LabelOutput, TokenOutput

if TYPE_CHECKING:
    from paretoformer.evaluators.task import Task


@register_criterion("cross-entropy")
@dataclass(frozen=True, kw_only=True)
class CrossEntropy(OutputCriterion):
    """Mean nats over the targets that ask something; `smoothing` is the share of a target given to all classes alike."""

    smoothing: float = 0.0

    def problems(self, task: "Task") -> Iterator[str]:
        """Targets are classes, labels or tokens."""
        if not isinstance(task.signature.output, ClassOutput | LabelOutput | TokenOutput):
            yield f"criterion cross-entropy compares classes or tokens, and {task.name} gives {task.signature}"

    def loss(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, classes) or (B, N, classes) -> a scalar."""
        rows, targets = outputs.flatten(0, -2), examples.targets.flatten()
        return functional.cross_entropy(rows, targets, ignore_index=IGNORED, label_smoothing=self.smoothing)

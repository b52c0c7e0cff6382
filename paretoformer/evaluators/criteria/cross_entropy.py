"""Cross-entropy of the target class or of the next token."""

from torch import Tensor
from torch.nn import functional

from paretoformer.evaluators.criterion import IGNORED, register_criterion
from paretoformer.evaluators.examples import Examples


@register_criterion("cross-entropy")
def cross_entropy(outputs: Tensor, examples: Examples) -> Tensor:
    """outputs: (B, classes) or (B, N, classes) -> mean nats over the targets that ask something."""
    return functional.cross_entropy(outputs.float().flatten(0, -2), examples.targets.flatten(), ignore_index=IGNORED)

"""The share of right answers among examples of some size."""

from torch import Tensor

from paretoformer.evaluators.examples import Examples
from paretoformer.evaluators.metrics.accuracy import Accuracy


class SizedAccuracy(Accuracy):
    """Share of targets that the largest output names, in examples of one of `sizes`."""

    def __init__(self, name: str, sizes: tuple[int, ...]) -> None:
        self.name, self._sizes = name, sizes

    def parts(self, outputs: Tensor, examples: Examples) -> Tensor:
        """outputs: (B, classes) or (B, N, classes) -> right answers and targets of each example, (B, 2) float64."""
        assert examples.sizes is not None, "examples have sizes"
        asked = (examples.sizes[:, None] == examples.sizes.new_tensor(self._sizes)).any(1)
        return super().parts(outputs, examples) * asked[:, None]

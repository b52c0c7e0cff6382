import torch
from torch.nn.functional import one_hot

from paretoformer.evaluators.examples import IGNORED, Examples
from paretoformer.evaluators.metrics.last_accuracy import LastAccuracy
from paretoformer.evaluators.metrics.sized_accuracy import SizedAccuracy

TARGETS = torch.tensor([[1, 0, IGNORED], [2, 2, 2], [0, IGNORED, 1], [IGNORED, IGNORED, IGNORED]])
ANSWERS = torch.tensor([[1, 1, 1], [2, 0, 2], [0, 0, 1], [0, 0, 0]])
EXAMPLES = Examples(inputs=torch.zeros(4, 3), targets=TARGETS, sizes=torch.tensor([3, 5, 3, 5]))


def test_only_labels_of_the_sizes_are_counted() -> None:
    metric = SizedAccuracy("accuracy[3]", (3,))
    assert metric.parts(one_hot(ANSWERS, 3).float(), EXAMPLES).tolist() == [[1, 2], [0, 0], [2, 2], [0, 0]]
    assert metric.name == "accuracy[3]"


def test_only_the_last_label_that_is_asked_is_counted() -> None:
    assert LastAccuracy().parts(one_hot(ANSWERS, 3).float(), EXAMPLES).tolist() == [[0, 1], [1, 1], [1, 1], [0, 0]]

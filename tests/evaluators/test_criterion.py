import pytest
import torch

from paretoformer.evaluators.criterion import criterion, criterion_class, criterion_names, register_criterion
from paretoformer.evaluators.examples import Examples


def test_a_name_is_registered_once() -> None:
    assert "cross-entropy" in criterion_names()
    with pytest.raises(ValueError, match="cross-entropy is registered twice"):
        register_criterion("cross-entropy")(criterion_class("cross-entropy"))


@pytest.mark.parametrize("shape", [(6,), (2, 3)], ids=["classes", "tokens"])
def test_cross_entropy_is_minus_the_mean_log_chance_of_the_targets(shape) -> None:
    outputs, targets = (
        torch.randn(*shape, 5, generator=torch.Generator().manual_seed(0)),
        torch.arange(6).reshape(shape) % 5,
    )
    chances = outputs.softmax(-1).gather(-1, targets[..., None])
    found = criterion("cross-entropy").loss(outputs, Examples(inputs=outputs, targets=targets))
    torch.testing.assert_close(found, -chances.log().mean())


def test_cross_entropy_leaves_out_what_is_not_asked() -> None:
    outputs = torch.tensor([[[2.0, 0.0], [0.0, 9.0]]])
    loss = criterion("cross-entropy").loss
    padded = loss(outputs, Examples(inputs=outputs, targets=torch.tensor([[0, -100]])))
    alone = loss(outputs[:, :1], Examples(inputs=outputs, targets=torch.tensor([[0]])))
    assert padded == alone

"""Modules that take part in training."""

import torch
from torch import nn

from paretoformer.search_spaces.contract.training import Auxiliary, Scheduled, auxiliary_loss, served, set_progress


def test_own_losses_are_summed_and_taken_once() -> None:
    one, two = Auxiliary(), Auxiliary()
    model = nn.Sequential(one, nn.Identity(), two)
    one.leave(torch.tensor(1.0))
    for loss in (0.5, 1.5):  # as in a stack that loops
        two.leave(torch.tensor(loss))
    assert auxiliary_loss(model) == 3.0
    assert auxiliary_loss(model) is None


def test_progress_reaches_every_scheduled_module_and_is_saved() -> None:
    model = nn.Sequential(Scheduled(), nn.Sequential(Scheduled()))
    set_progress(model, 0.25)
    assert [value.item() for value in model.state_dict().values()] == [0.25, 0.25]


def test_those_who_want_something_of_training_are_found_wherever_they_stand_and_shared_ones_once() -> None:
    own, scheduled = Auxiliary(), Scheduled()
    found = served(nn.Sequential(nn.Identity(), own, nn.Sequential(scheduled, own)))
    assert list(found) == [own, scheduled]
    own.leave(torch.tensor(2.0))
    assert auxiliary_loss(found) == 2.0

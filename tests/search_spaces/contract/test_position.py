"""What all positions share."""

import pytest
import torch
from torch import nn

from paretoformer.search_spaces.contract import MixerPosition, Position


@pytest.mark.parametrize("base", [Position, MixerPosition])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_buffers_keep_their_type_where_parameters_change_theirs(base, dtype) -> None:
    part = base()
    part.weight = nn.Parameter(torch.ones(2))
    part.register_buffer("frequencies", torch.tensor([1 / 3]))
    part.to(dtype)
    assert (part.weight.dtype, part.frequencies.dtype) == (dtype, torch.float32)


def test_buffers_move_with_the_module() -> None:
    part = MixerPosition()
    part.register_buffer("frequencies", torch.tensor([1 / 3]))
    assert nn.Sequential(part).to("meta")[0].frequencies.device.type == "meta"


def test_a_position_inside_a_mixer_changes_nothing_by_default() -> None:
    x, positions = torch.ones(1, 2, 3, 4), torch.arange(3)
    assert MixerPosition().rotate(x, positions) is x
    assert MixerPosition().bias(x, positions, positions) is None
    assert MixerPosition().factor(positions, positions) is None
    assert MixerPosition().values(x, positions, positions) is None

"""One-group norm beside torch's, beside padding, and before pooling."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from paretoformer.search_spaces.architecture import Branch
from paretoformer.search_spaces.branch import BranchModule
from paretoformer.search_spaces.contract import Context, Memory, MemorySite, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=6, length=8)


def norm(places, **fields):
    return places.built(choice("norm", "group").config(**fields), SITE).double()


@pytest.mark.parametrize("eps", [1e-5, 1e-2])
def test_it_is_torchs_group_norm_of_one_group(places, eps) -> None:
    module, x, reference = norm(places, eps=eps), 2 * places.normal(3, 8, 6) + 1, nn.GroupNorm(1, 6, eps=eps).double()
    reference.load_state_dict(module.state_dict())
    torch.testing.assert_close(module(x, Context()), reference(x.mT).mT, rtol=0, atol=1e-10)


def test_without_a_bias_it_only_scales(places) -> None:
    module, x = norm(places, bias=False), places.normal(3, 8, 6)
    assert [name for name, _ in module.named_parameters()] == ["weight"]
    expected = nn.functional.group_norm(x.mT, 1).mT * module.weight
    torch.testing.assert_close(module(x, Context()), expected, rtol=0, atol=1e-10)


def test_a_padded_sample_is_normalised_as_it_is_alone(places) -> None:
    module, x, lengths = norm(places), places.normal(3, 8, 6), torch.tensor([8, 3, 1])
    y = module(x, Context(lengths=lengths))
    for row, size in enumerate(lengths.tolist()):
        alone = module(x[row : row + 1, :size], Context())
        torch.testing.assert_close(y[row : row + 1, :size], alone, rtol=0, atol=1e-10)


def test_an_empty_sample_gives_finite_numbers(places) -> None:
    assert norm(places)(places.normal(2, 8, 6), Context(lengths=torch.tensor([8, 0]))).isfinite().all()


def test_scaling_and_shifting_a_sample_changes_nothing_but_for_eps(places) -> None:
    module, x = norm(places), places.normal(3, 8, 6)
    torch.testing.assert_close(module(100 * x + 7, Context()), module(x, Context()), rtol=0, atol=1e-4)


def test_before_pooling_its_mean_and_bias_drop_out(places) -> None:
    """Pooling less the token gives 0 for what is constant, so that only the factor of each channel is left."""
    site = replace(SITE, length=12, grid=(3, 4))
    module, x, grid = norm(places), places.normal(2, 12, 6) + 3, Context(grid=site.grid)
    pooling = choice("mixer", "pooling").config().build(site)
    factor = (x.var((1, 2), correction=0) + 1e-5).rsqrt()[:, None, None] * module.weight
    torch.testing.assert_close(pooling(module(x, grid), grid), factor * pooling(x, grid), rtol=0, atol=1e-12)


def test_the_norm_of_a_memory_leaves_out_the_memorys_padding(places) -> None:
    site = replace(SITE, causal=True, memory=MemorySite(width=6, length=7, normed=True))
    body, norm_config = choice("mixer", "softmax").config(heads=2), choice("norm", "group").config()
    branch = BranchModule(Branch(role="cross", body=body, norm=norm_config), site).double().eval()
    x, tokens, lengths = places.normal(2, 8, 6), places.normal(2, 7, 6, seed=5), torch.tensor([7, 3])
    for given in (None, torch.tensor([8, 2])):
        memory = Memory(tokens=tokens, lengths=lengths)
        y = branch.inside(x, Context(causal=True, lengths=given, memory=memory))[1, :2]
        alone = Context(causal=True, lengths=None if given is None else given[1:], memory=Memory(tokens=tokens[1:, :3]))
        torch.testing.assert_close(y, branch.inside(x[1:], alone)[0, :2], rtol=0, atol=1e-10)

"""Every choice that a search may pick gives the same by kernels as by their definitions, up to rounding: outputs and gradients."""

import pytest
import torch
from torch import Tensor

from paretoformer.kernels import dispatch, forget_paths, paths_taken

LENGTH = 65
"""One token beyond a chunk."""


def found(case, *, forced: bool, **facts) -> tuple[list[Tensor | None], set[str]]:
    """Output and gradients in float64, and the paths that were taken."""
    module = case.module()
    x = case.tokens(2, min(LENGTH, case.site.length) if case.site.grid is None else case.site.length).requires_grad_()
    forget_paths()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "FORCED", forced)
        y = module(x, case.context(**facts))
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        drawn = torch.randn(y.shape, generator=torch.Generator().manual_seed(2), dtype=y.dtype)
        grads = torch.autograd.grad((y * drawn).sum(), [x, *trained], allow_unused=True)
    return [y.detach(), *grads], set(sum(paths_taken().values(), ()))


def agree(case, **facts) -> None:
    usual, paths = found(case, forced=False, **facts)
    defined, forced = found(case, forced=True, **facts)
    assert paths <= {"torch"} and forced <= {"reference"} and len(paths) == len(forced)
    for one, other in zip(usual, defined, strict=True):
        if one is None or other is None:
            assert one is other
        else:
            torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


def test_a_mixer_gives_the_same(mixer_case) -> None:
    agree(mixer_case)


def test_a_mixer_gives_the_same_beside_padding(mixer_case) -> None:
    mixer_case.need_sequence()
    if not mixer_case.plain:
        pytest.skip("shown by the plain case")
    agree(mixer_case, lengths=torch.tensor([LENGTH, 7]))


def test_a_norm_gives_the_same(norm_case) -> None:
    agree(norm_case)


def test_a_feed_forward_gives_the_same(feedforward_case) -> None:
    agree(feedforward_case)

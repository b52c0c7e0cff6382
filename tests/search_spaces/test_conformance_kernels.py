"""Every choice that a search may pick gives the same by kernels as by their definitions, up to rounding: outputs and gradients."""

import pytest
import torch
from torch import Tensor

from paretoformer.kernels import dispatch, forget_paths, paths_taken
from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.build import build

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


def test_a_whole_model_reads_and_writes_the_same(monkeypatch) -> None:
    mixer = {"role": "mixer", "body": {"name": "softmax", "heads": 4, "kv_heads": 2}, "norm": "rms"}
    linear = {"role": "mixer", "body": {"name": "linear", "heads": 2}, "norm": "layer"}
    fed = {"role": "feedforward", "body": {"name": "moe", "experts": 3}, "norm": "rms"}
    stack = {"name": "decoder", "width": 16, "position": "rotary", "blocks": [[mixer, fed], [linear, fed]]}
    architecture = Architecture.from_json({"topology": "decoder", "stem": "tokens", "stacks": [stack]})
    signature = Signature(input=TokenInput(vocabulary=11, length=20), output=TokenOutput(vocabulary=11))
    model = build(architecture, signature, seed=0).double().eval()
    tokens = torch.randint(0, 11, (2, 12), generator=torch.Generator().manual_seed(1))

    def written() -> list[Tensor]:
        outputs, state = [model(tokens)], model.start(2, 12)
        for piece in tokens.split([9, 1, 1, 1], 1):
            y, state = model.extend(piece, state)
            outputs.append(y)
        return outputs

    with torch.no_grad():
        usual = written()
        monkeypatch.setattr(dispatch, "FORCED", True)
        torch.testing.assert_close(written(), usual, rtol=1e-9, atol=1e-9)

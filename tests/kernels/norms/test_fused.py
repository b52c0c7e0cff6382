"""The fused norms are their definitions, forward and backward."""

import pytest
import torch

pytest.importorskip("triton")

from paretoformer.kernels.norms import crms_norm_reference, layer_norm_reference, rms_norm_reference
from paretoformer.kernels.norms.fused import fused_norm, norm_backward, norm_forward

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def normal(*shape: int, seed: int, dtype: torch.dtype = torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE, dtype)


def defined(x, residual, weight, bias, eps, kind):
    total = x if residual is None else x + residual
    if kind == "crms":
        return crms_norm_reference(total, eps), total
    if kind == "layer":
        return layer_norm_reference(total, weight, bias, eps), total
    return rms_norm_reference(total, weight, eps), total


def operands(shape, adds: bool, affine: bool, kind: str, dtype: torch.dtype = torch.float32):
    """x, residual, weight, bias."""
    return (
        normal(*shape, seed=1, dtype=dtype),
        normal(*shape, seed=2, dtype=dtype) if adds else None,
        normal(shape[-1], seed=3, dtype=dtype) if affine and kind != "crms" else None,
        normal(shape[-1], seed=4, dtype=dtype) if affine and kind == "layer" else None,
    )


@pytest.mark.parametrize("shape", [(3, 64), (2, 5, 33), (1, 1), (2, 5_000)], ids=str)
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("kind", ["layer", "rms", "crms"])
def test_outputs_are_the_definition(shape, adds, kind) -> None:
    given = operands(shape, adds, True, kind)
    y, total = fused_norm(*given, 1e-5, kind)
    expected, expected_total = defined(*(None if x is None else x.double() for x in given), 1e-5, kind)
    torch.testing.assert_close(y.double(), expected, rtol=1e-5, atol=1e-5)
    if adds:
        torch.testing.assert_close(total.double(), expected_total, rtol=1e-6, atol=1e-6)


def by_operator(x, residual, weight, bias, eps, kind):
    return norm_forward(x, residual, weight, bias, eps, kind, True)[:2]


@pytest.mark.parametrize("way", [fused_norm, by_operator])
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("kind", ["layer", "rms", "crms"])
def test_gradients_are_those_of_the_definition(way, adds, affine, kind) -> None:
    gradients = []
    for normalise, dtype in ((way, torch.float32), (defined, torch.float64)):
        given = [None if x is None else x.to(dtype).requires_grad_() for x in operands((2, 70, 20), adds, affine, kind)]
        y, total = normalise(*given, 1e-5, kind)
        loss = (y * normal(2, 70, 20, seed=5)).sum() + (total.sin().sum() if adds else 0)
        gradients.append(torch.autograd.grad(loss, [x for x in given if x is not None]))
    for found, exact in zip(*gradients, strict=True):
        torch.testing.assert_close(found.double(), exact, rtol=1e-4, atol=1e-5)


def test_a_gradient_of_the_sum_alone_passes_to_both() -> None:
    x, residual, weight, _ = operands((3, 8), True, True, "rms")
    x.requires_grad_()
    residual.requires_grad_()
    _, total = fused_norm(x, residual, weight, None, 1e-5, "rms")
    for found in torch.autograd.grad(total.sum(), (x, residual)):
        assert found.eq(1).all()


def test_half_precision_is_summed_in_fp32() -> None:
    x, _, weight, bias = operands((4, 512), False, True, "layer", torch.float16)
    y, _ = fused_norm(x, None, weight, bias, 1e-5, "layer")
    exact = layer_norm_reference(x.double(), weight.double(), bias.double(), 1e-5)
    assert y.dtype == torch.float16 and (y - exact).norm() < 1e-3 * exact.norm()


def test_operands_that_are_not_contiguous_give_the_same() -> None:
    x, residual, weight, bias = operands((4, 6, 8), True, True, "layer")
    turned = [t.transpose(0, 1).contiguous().transpose(0, 1) for t in (x, residual)]
    for found, expected in zip(
        fused_norm(*turned, weight, bias, 1e-5, "layer"),
        fused_norm(x, residual, weight, bias, 1e-5, "layer"),
        strict=True,
    ):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("adds", [False, True])
def test_they_are_operators_of_torch(adds) -> None:
    x, residual, weight, bias = (
        None if t is None else t.requires_grad_() for t in operands((3, 8), adds, True, "layer")
    )
    torch.library.opcheck(norm_forward, (x, residual, weight, bias, 1e-5, "layer", True))
    with torch.no_grad():
        _, total, mean, scale = norm_forward(x, residual, weight, bias, 1e-5, "layer", True)
    given = (torch.ones_like(x), None, total if adds else x.detach(), weight.detach(), mean, scale, "layer", True)
    torch.library.opcheck(norm_backward, given)

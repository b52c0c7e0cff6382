"""Convolution over tokens on a grid, and the filter of a whole grid in the Fourier domain: definitions, and torch's forms."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from paretoformer.kernels.dispatch import defined, one_kind, shapes


def grid_convolution(x: Tensor, weight: Tensor, bias: Tensor | None, padding: tuple[int, int]) -> Tensor:
    """y[h, w] = sum_ij x[h + i - padding[0], w + j - padding[1]] weight[i, j] + bias, zeros beyond the grid.

    Each channel by itself where the weights of a channel are of one, else all by all. Cost: H' W' C kh kw MACs by itself, C times
    that by all. torch convolves channels last by the strides of a view, so that nothing is copied.

    Args:
        x: (B, H, W, C). weight: (C', 1, kh, kw) with C' = C, or (C', C, kh, kw). bias: (C',) or none.
        padding: rows above and below, columns left and right.

    Returns:
        (B, H', W', C'), H' = H + 2 padding[0] - kh + 1 and W' alike.

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check(x, weight, bias)
    if defined("grid_convolution"):
        return grid_convolution_reference(x, weight, bias, padding)
    # (B, C, H, W) channels last, by strides that say so for one image too: else it is copied and computed as channels first.
    image, groups = x.permute(0, 3, 1, 2), x.shape[3] // weight.shape[1]
    return conv2d(image, weight, bias, padding=padding, groups=groups).permute(0, 2, 3, 1)


def grid_convolution_reference(x: Tensor, weight: Tensor, bias: Tensor | None, padding: tuple[int, int]) -> Tensor:
    """The definition, a shifted copy for each place of the window; arguments as in `grid_convolution`."""
    rows, columns = padding
    x = pad(x, (0, 0, columns, columns, rows, rows))
    height, width = (size - kernel + 1 for size, kernel in zip(x.shape[1:3], weight.shape[2:], strict=True))
    y = x.new_zeros(len(x), height, width, len(weight))
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            part, taps = x[:, i : i + height, j : j + width], weight[:, :, i, j]
            y = y + (part @ taps.mT if taps.shape[1] == x.shape[3] else part * taps[:, 0])
    return y if bias is None else y + bias


def grid_filter(x: Tensor, spectrum: Tensor) -> Tensor:
    """x in the Fourier domain times a spectrum, and back: each channel convolved with a kernel as large as the grid, round its edges.

    Cost: O(H W log(H W)) a channel, and no multiply-accumulate that a matrix product would count.

    Args:
        x: (B, H, W, C), at least fp32: there is no Fourier transform of narrower numbers.
        spectrum: (H, W // 2 + 1, C) complex.

    Returns:
        (B, H, W, C).

    Raises:
        ValueError: the shapes, dtypes or devices do not fit together.
    """
    if not torch.compiler.is_compiling():
        _check_spectrum(x, spectrum)
    if defined("grid_filter"):
        return grid_filter_reference(x, spectrum)
    grid = x.shape[1:3]
    return torch.fft.irfft2(torch.fft.rfft2(x, dim=(1, 2), norm="ortho") * spectrum, s=grid, dim=(1, 2), norm="ortho")


def grid_filter_reference(x: Tensor, spectrum: Tensor) -> Tensor:
    """The definition, a circular convolution with the kernel whose spectrum it is; arguments as in `grid_filter`."""
    height, width = x.shape[1:3]
    kernel = torch.fft.irfft2(spectrum, s=(height, width), dim=(0, 1))  # (H, W, C)
    rows, columns = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    down, right = (rows[:, None] - rows) % height, (columns[:, None] - columns) % width
    weights = kernel[down[:, None, :, None], right[None, :, None, :]]  # (H, W, H, W, C)
    return torch.einsum("bijc,hwijc->bhwc", x, weights)


def _check(x: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    given = shapes(x=x, weight=weight, bias=bias)
    fits = x.ndim == 4 and weight.ndim == 4 and weight.shape[1] in (1, x.shape[3])
    alone = weight.shape[1] != 1 or len(weight) == x.shape[3]
    if not fits or not alone or (bias is not None and bias.shape != weight.shape[:1]):
        raise ValueError(
            f"a convolution takes x (B, H, W, C) and weights (C', 1 or C, kh, kw), bias (C',), got {given}."
        )
    if not one_kind(x, weight, *([] if bias is None else [bias])):
        raise ValueError(f"a convolution takes numbers of one floating-point dtype on one device, got {given}.")


def _check_spectrum(x: Tensor, spectrum: Tensor) -> None:
    wide = x.dtype in (torch.float32, torch.float64) and spectrum.is_complex() and x.device == spectrum.device
    if x.ndim != 4 or spectrum.shape != (x.shape[1], x.shape[2] // 2 + 1, x.shape[3]) or not wide:
        given = shapes(x=x, spectrum=spectrum)
        raise ValueError(
            f"a filter takes x (B, H, W, C) of fp32 or fp64 and a complex spectrum (H, W // 2 + 1, C), got {given}."
        )

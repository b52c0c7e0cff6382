"""A filter on grids whose one half of channels sees a 3 x 3 square and whose other half sees everything."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from paretoformer.kernels import layer_norm
from paretoformer.kernels.grid_convolution import grid_filter
from paretoformer.search_spaces.contract.context import Context
from paretoformer.search_spaces.contract.site import Site
from paretoformer.search_spaces.parts.convolution import DepthwiseConvolution

_EPS = 1e-6


class GlobalLocalFilter(nn.Module):
    """Layer norm, then channels 0, 2, ... of the output by a depthwise 3 x 3 convolution of the first half of the input,
    and channels 1, 3, ... by a learned filter of the second half in the Fourier domain, then layer norm.

    The spectrum is of the site's grid, (H, W // 2 + 1), and resized bilinearly for another one. Products in the Fourier
    domain are elementwise, so that they count no MACs. Source: paper 31's official code (GlobalLocalFilter); the paper's text
    was not read.
    """

    def __init__(self, channels: int, site: Site) -> None:
        super().__init__()
        assert site.grid is not None and channels % 2 == 0
        height, width = site.grid
        self.before, self.after = nn.LayerNorm(channels, eps=_EPS), nn.LayerNorm(channels, eps=_EPS)
        self.near = DepthwiseConvolution(channels // 2, 3, site, bias=False)
        self.spectrum = nn.Parameter(torch.empty(height, width // 2 + 1, channels // 2, 2))  # real and imaginary parts
        nn.init.normal_(self.spectrum, std=0.02)  # the official code cuts it off at 100 deviations

    @staticmethod
    def parameters_of(channels: int, site: Site) -> int:
        """Both norms, the 3 x 3 weights and the spectrum."""
        assert site.grid is not None
        height, width = site.grid
        return 4 * channels + channels // 2 * (9 + 2 * height * (width // 2 + 1))

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, H * W, C) on the context's grid -> (B, H * W, C)."""
        near, far = layer_norm(x, self.before.weight, self.before.bias, _EPS).chunk(2, -1)
        assert context.grid is not None
        both = torch.stack((self.near(near, context), self._far(far, context.grid)), -1).flatten(-2)
        return layer_norm(both, self.after.weight, self.after.bias, _EPS)

    def _far(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        wide = torch.promote_types(x.dtype, torch.float32)  # there is no Fourier transform in bf16
        spectrum = torch.view_as_complex(self._resized((grid[0], grid[1] // 2 + 1)).to(wide).contiguous())
        return grid_filter(x.to(wide).unflatten(1, grid), spectrum).flatten(1, 2).to(x.dtype)

    def _resized(self, size: tuple[int, int]) -> Tensor:
        """The spectrum at another size: (H, W // 2 + 1, C / 2, 2)."""
        if self.spectrum.shape[:2] == size:
            return self.spectrum
        planes = self.spectrum.permute(2, 3, 0, 1)
        return interpolate(planes, size=list(size), mode="bilinear", align_corners=True).permute(2, 3, 0, 1)

"""Batch normalisation of tokens that knows padding: what the norms with running statistics share."""

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from paretoformer.kernels.norms.merged import affine, merged
from paretoformer.search_spaces.contract.context import Context

_MOMENTUM = 0.1


class BatchNormalisation(nn.Module):
    """(x - mean) / sqrt(variance + eps) * weight + bias for each channel.

    In training mean and biased variance are those of the batch's valid tokens, and running ones follow by a tenth, the variance
    unbiased. In evaluation the running ones are used, so that it is one factor and one shift a channel. The running ones
    are buffers. Source: Ioffe and Szegedy 2015, algorithms 1 and 2.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int, eps: float, *, weight: float = 1.0) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.full((width,), weight))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    def forward(self, x: Tensor, context: Context, learns: Tensor | None = None) -> Tensor:
        """x: (B, N, D) -> (B, N, D), in fp32 at least; `learns` () False keeps the running statistics as they are."""
        if not self.training:
            return affine(x, *self.folded())
        valid = context.valid(x.shape[1])
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        if valid is None:
            return self._of_all(x, learns)
        kept, count = valid[..., None], valid.sum().clamp_min(1).to(x.dtype)
        mean = (x * kept).sum((0, 1)) / count
        centred = x - mean
        variance = (centred.square() * kept).sum((0, 1)) / count
        self._remember(mean, variance * (count / (count - 1).clamp_min(1)), learns)
        return torch.addcmul(self.bias, centred, self.weight * (variance + self.eps).rsqrt())

    def folded(self, alpha: Tensor | float = 0.0) -> tuple[Tensor, Tensor]:
        """Factor and shift (D,) of each channel in evaluation, alpha x added, in fp32 at least."""
        return merged(self.weight, self.bias, self.mean, self.variance, self.eps, alpha)

    def _of_all(self, x: Tensor, learns: Tensor | None) -> Tensor:
        """By torch's kernel, which keeps the running statistics itself unless it is told when to, or in which precision.

        Else it gives mean and 1 / sqrt(variance + eps).
        """
        weight, bias, count = self.weight.to(x.dtype), self.bias.to(x.dtype), x.shape[0] * x.shape[1]
        if learns is None and count > 1 and self.mean.dtype == x.dtype:
            rows = x.flatten(0, 1)
            return batch_norm(rows, self.mean, self.variance, weight, bias, True, _MOMENTUM, self.eps).view_as(x)
        y, mean, factor = torch.native_batch_norm(x.flatten(0, 1), weight, bias, None, None, True, 0.0, self.eps)
        variance = (factor.detach() ** -2 - self.eps).clamp_min(0)
        self._remember(mean.detach(), variance * (count / max(count - 1, 1)), learns)
        return y.view_as(x)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, learns: Tensor | None) -> None:
        share: float | Tensor = _MOMENTUM if learns is None else _MOMENTUM * learns.to(self.mean.dtype)
        self.mean.lerp_(mean.to(self.mean.dtype), share)
        self.variance.lerp_(variance.to(self.variance.dtype), share)

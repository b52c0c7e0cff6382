"""Average pooling as a token mixer, on a grid or along a sequence."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, avg_pool2d, pad

from paretoformer.search_spaces.contract import Capability, Context, Mixer, MixerConfig, Site
from paretoformer.search_spaces.registry import register


@register("mixer", "pooling", papers=(16,), capabilities=(Capability.CAUSAL, Capability.BIDIRECTIONAL))
@dataclass(frozen=True, kw_only=True)
class PoolingConfig(MixerConfig):
    """Mean over a window of `size` (x `size` on a grid) minus the token itself; tokens outside do not count.

    In a causal stack the window is the last `size` tokens. `subtract` takes the token off, since the block adds it.
    Cost: no multiplications, size (squared) additions a value; a causal state of size - 1 tokens.
    Source: paper 16, section 3.2, eq. 5. The causal and one-dimensional forms are ours.
    """

    size: int = 3
    subtract: bool = True

    def problems(self, site: Site) -> Iterator[str]:
        """A centred window needs an odd size, and no window may be larger than what it slides over."""
        yield from super().problems(site)
        if self.size < 2:
            yield f"pooling over {self.size} tokens mixes nothing; size is at least 2"
        if not site.causal and self.size % 2 == 0:
            yield f"pooling of size {self.size} has no centre in a bidirectional stack; use an odd size"
        side = min(site.grid) if site.grid else site.length
        if self.size > (most := side if site.causal else 2 * side - 1):
            use = f"use at most {most}" if most > 1 else "use mixer identity"
            yield f"mixer pooling has size {self.size}, and {site} is narrower; {use}"

    def build(self, site: Site) -> "Pooling":
        """The mixer for `site`."""
        return Pooling(self)

    def state_bytes(self, site: Site, length: int) -> int:
        """The last size - 1 tokens."""
        return 4 * (self.size - 1) * site.width


@dataclass(frozen=True)
class Recent:
    """The last size - 1 tokens (B, size - 1, D), zero before the first; `seen` counts tokens so far."""

    tokens: Tensor
    seen: int = 0


class Pooling(Mixer):
    """The module of `PoolingConfig`; it has no parameters."""

    def __init__(self, config: PoolingConfig) -> None:
        super().__init__()
        self.size, self.subtract = config.size, config.subtract

    def forward(self, x: Tensor, context: Context) -> Tensor:
        """x: (B, N, D) -> (B, N, D)."""
        if context.grid is not None:
            return self._less(self._pool_grid(x, context.grid), x)
        if context.causal:
            return self._less(self._pool_recent(pad(x, (0, 0, self.size - 1, 0)), 0), x)
        valid = context.valid(x.shape[1])
        channels = x.mT
        if valid is None:
            pooled = avg_pool1d(channels, self.size, 1, self.size // 2, count_include_pad=False)
        else:
            kept = valid[:, None, :].to(x.dtype)
            sums = avg_pool1d(channels * kept, self.size, 1, self.size // 2)
            pooled = sums / avg_pool1d(kept, self.size, 1, self.size // 2).clamp_min(0.5 / self.size)
        return self._less(pooled.mT, x)

    def start(self, batch: int, capacity: int, like: Tensor, context: Context) -> Recent:
        """Zeros for the tokens before the first."""
        return Recent(like.new_zeros(batch, self.size - 1, like.shape[-1]))

    def extend(self, x: Tensor, state: Recent, context: Context) -> tuple[Tensor, Recent]:
        """x: (B, T, D)."""
        window = torch.cat((state.tokens, x), 1)
        pooled = self._pool_recent(window, state.seen)
        recent = window[:, x.shape[1] :].clone()  # a view would keep all of x alive
        return self._less(pooled, x), Recent(recent, state.seen + x.shape[1])

    def _pool_grid(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        image = x.unflatten(1, grid).permute(
            0, 3, 1, 2
        )  # (B, D, H, W), channels last, by its strides for one image too
        pooled = avg_pool2d(image, self.size, 1, self.size // 2, count_include_pad=False)
        return pooled.permute(0, 2, 3, 1).flatten(1, 2)

    def _pool_recent(self, window: Tensor, seen: int) -> Tensor:
        """window: (B, size - 1 + T, D), zero before the first token -> means (B, T, D)."""
        sums = avg_pool1d(window.mT, self.size, 1).mT * self.size
        counts = torch.arange(seen + 1, seen + 1 + sums.shape[1], device=window.device).clamp_max(self.size)
        return sums / counts[:, None].to(window.dtype)

    def _less(self, pooled: Tensor, x: Tensor) -> Tensor:
        return pooled - x if self.subtract else pooled

"""A fixed number of learned queries that read a memory by one attention."""

import torch
from torch import Tensor, nn

from paretoformer.kernels import softmax_attention
from paretoformer.search_spaces.contract import Memory


class Pooler(nn.Module):
    """`queries` vectors of `width` attend to a memory of `read` wide tokens; no residual and no feed-forward.

    Layer norms stand before queries and memory and at the end. Source: paper 1, section 3.2.
    """

    def __init__(self, queries: int, width: int, read: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries = nn.Parameter(torch.randn(queries, width))
        self.query_norm, self.memory_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(read), nn.LayerNorm(width)
        self.q, self.kv, self.out = nn.Linear(width, width), nn.Linear(read, 2 * width), nn.Linear(width, width)

    def forward(self, memory: Memory) -> Tensor:
        """(B, M, read) -> (B, queries, width)."""
        q = self._split(self.q(self.query_norm(self.queries))[None])
        k, v = (self._split(part) for part in self.kv(self.memory_norm(memory.tokens)).chunk(2, dim=-1))
        y = softmax_attention(q.expand(len(k), -1, -1, -1), k, v, causal=False, valid=memory.valid)
        z: Tensor = self.norm(self.out(y.transpose(1, 2).flatten(2)))
        return z

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def pooler_parameters(queries: int, width: int, read: int) -> int:
    """Parameters of a `Pooler`."""
    return queries * width + 4 * width + 2 * read + 2 * (width + 1) * width + (read + 1) * 2 * width


def pooler_macs(queries: int, width: int, read: int, length: int) -> int:
    """Multiply-accumulates of a `Pooler` that reads `length` tokens."""
    return 2 * queries * width**2 + 2 * length * read * width + 2 * queries * length * width

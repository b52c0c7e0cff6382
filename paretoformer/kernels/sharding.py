"""Where softmax attention is told that its operands are one rank's tokens of a longer sequence."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from torch import Tensor

from paretoformer.records.errors import UserError


class Attend(Protocol):
    """Attention of one rank's q (B, H, n, d), k and v (B, Hkv, n, d) over all ranks, as `distributed_attention` is."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, *, causal: bool) -> Tensor:
        """The rank's rows, (B, H, n, d)."""


_elsewhere: ContextVar[Attend | None] = ContextVar("elsewhere", default=None)


@contextmanager
def sharded_softmax(attend: Attend) -> Iterator[None]:
    """A block of this thread in which `softmax_attention` is `attend`. Whoever opens it answers for what else mixes tokens."""
    token = _elsewhere.set(attend)
    try:
        yield
    finally:
        _elsewhere.reset(token)


def by_shards(
    q: Tensor, k: Tensor, v: Tensor, causal: bool, bias: Tensor | None, valid: Tensor | None
) -> Tensor | None:
    """What the open block's attention gives, None outside of one.

    Raises:
        UserError: there is a bias or padding, which would be that of the rank's own tokens alone.
    """
    attend = _elsewhere.get()
    if attend is None:
        return None
    if bias is not None or valid is not None:
        what = "a bias on its scores" if bias is not None else "padding"
        raise UserError(
            f"softmax attention over several ranks takes no {what}; give full sequences and rotate positions."
        )
    return attend(q, k, v, causal=causal)

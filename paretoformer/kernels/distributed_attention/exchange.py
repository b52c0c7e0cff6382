"""What ranks send each other, counted in bytes; a rank that is gone is told in a sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

import torch
from torch import Tensor
from torch import distributed as dist

from paretoformer.records.errors import UserError


class LostRank(RuntimeError):
    """Another rank has died, stands still or left the group; the message says who waited for whom."""


class Exchange(Protocol):
    """Ways between the ranks of a group. `sent` counts the bytes that this rank has sent to others."""

    rank: int
    ranks: int
    sent: int

    def rotate(self, x: Tensor) -> Callable[[], Tensor]:
        """Begin to send x to the next rank; the call that is returned waits for what the previous one sent."""

    def swap(self, x: Tensor) -> Tensor:
        """x: (P, ...), part i for rank i -> (P, ...), part i from rank i."""

    def gather(self, x: Tensor) -> Tensor:
        """x: (...) of every rank -> (P, ...)."""


class Alone:
    """The exchange of one rank without others."""

    rank = 0
    ranks = 1
    sent = 0

    def rotate(self, x: Tensor) -> Callable[[], Tensor]:
        """x itself."""
        return lambda: x

    def swap(self, x: Tensor) -> Tensor:
        """x itself."""
        return x

    def gather(self, x: Tensor) -> Tensor:
        """x with an axis more."""
        return x[None]


class GroupExchange:
    """The exchange of a torch.distributed group, of all processes if none is given.

    A wait ends after `timeout_s` seconds, or after the group's own timeout where it is None (under NCCL a time makes the
    host wait for the device).

    Raises:
        UserError: there is no process group, or this process is not in it.
    """

    def __init__(self, group: "dist.ProcessGroup | None" = None, timeout_s: float | None = None) -> None:
        if not dist.is_available() or not dist.is_initialized():
            raise UserError(
                "distributed attention needs a process group, and there is none; call torch.distributed.init_process_group first."
            )
        self.group = group
        self.rank, self.ranks = dist.get_rank(group), dist.get_world_size(group)
        if self.rank < 0:
            raise UserError(f"process {dist.get_rank()} is not in the group that it was given.")
        self.sent = 0
        self._timeout = None if timeout_s is None else timedelta(seconds=timeout_s)

    def rotate(self, x: Tensor) -> Callable[[], Tensor]:
        """By isend and irecv in one batch."""
        there, back = (self.rank + 1) % self.ranks, (self.rank - 1) % self.ranks
        given, got = _as_bytes(x), torch.empty_like(x, memory_format=torch.contiguous_format)
        with self._told(f"ranks {back} and {there}"):
            works = dist.batch_isend_irecv(
                [
                    dist.P2POp(dist.isend, given, self._of_all(there), self.group),
                    dist.P2POp(dist.irecv, _as_bytes(got), self._of_all(back), self.group),
                ]
            )
        self.sent += given.numel()

        def arrived() -> Tensor:
            assert given is not None, "what is being sent must live until then"
            with self._told(f"ranks {back} and {there}"):
                for work in works:
                    self._wait(work)
            return got

        return arrived

    def swap(self, x: Tensor) -> Tensor:
        """By all_to_all."""
        given, got = _as_bytes(x), torch.empty_like(x, memory_format=torch.contiguous_format)
        with self._told("the others"):
            self._wait(dist.all_to_all_single(_as_bytes(got), given, group=self.group, async_op=True))
        self.sent += given.numel() // self.ranks * (self.ranks - 1)
        return got

    def gather(self, x: Tensor) -> Tensor:
        """By all_gather."""
        given, got = _as_bytes(x), x.new_empty((self.ranks, *x.shape))
        with self._told("the others"):
            self._wait(dist.all_gather_single(_as_bytes(got), given, group=self.group, async_op=True))
        self.sent += given.numel() * (self.ranks - 1)
        return got

    def _of_all(self, rank: int) -> int:
        return rank if self.group is None else dist.get_global_rank(self.group, rank)

    def _wait(self, work: "dist.Work | None") -> None:
        assert work is not None, "asked for in a group that this process is in"
        work.wait() if self._timeout is None else work.wait(self._timeout)

    @contextmanager
    def _told(self, whom: str) -> Iterator[None]:
        try:
            yield
        except RuntimeError as failure:
            why = str(failure).strip().splitlines()[0]
            raise LostRank(f"rank {self.rank} of {self.ranks} lost {whom} in distributed attention: {why}") from failure


def _as_bytes(x: Tensor) -> Tensor:
    """The numbers of x, in order, as bytes, which every backend sends."""
    return x.contiguous().view(-1).view(torch.uint8)

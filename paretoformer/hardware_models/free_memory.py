"""How much memory is left on this machine, or in the container that this process runs in."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

import psutil
import torch


def free_bytes(device: str, root: Path = Path("/")) -> int:
    """Bytes that this process could still take on a device, as far as the system tells.

    Args:
        device: "cuda", of whose memory the driver and torch's cache tell; of any other the main memory counts.
        root: of the file system with the limits of control groups (version 2).
    """
    if device == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return int(free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated())
    return max(0, min([psutil.virtual_memory().available, *_left_in_groups(root)]))


def _left_in_groups(root: Path) -> Iterator[int]:
    """What is left below the limit of this process's control group and of those around it; cached files can go."""
    for folder in _groups(root):
        with suppress(OSError, ValueError, KeyError):  # no limit is "max", and the outermost group has no such files
            limit, used = (int((folder / f"memory.{name}").read_text()) for name in ("max", "current"))
            stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            yield limit - used + int(stat["inactive_file"])


def _groups(root: Path) -> Iterator[Path]:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith("0::/"):
            inside = PurePosixPath(line.removeprefix("0::/"))
            for group in (inside, *inside.parents):
                yield root / "sys/fs/cgroup" / group

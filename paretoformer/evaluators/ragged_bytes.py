"""Texts of any length as one tensor of bytes."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def ragged_bytes(texts: Sequence[bytes]) -> tuple[Tensor, Tensor]:
    """(n, longest) right-padded with zeros, and lengths (n,)."""
    lengths = torch.tensor([len(text) for text in texts])
    width = int(lengths.max())
    flat = np.frombuffer(b"".join(text.ljust(width, b"\0") for text in texts), dtype=np.uint8)
    return torch.from_numpy(flat.astype(np.int64)).reshape(-1, width), lengths

"""What all tests of kernels share."""

import os

import pytest
import torch

# Read when Triton is imported: without a GPU its kernels run in Python, one program after another.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """The machine's cores belong to other tests too."""
    torch.set_num_threads(1)

"""What all tests of kernels share."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """The machine's cores belong to other tests too."""
    torch.set_num_threads(1)

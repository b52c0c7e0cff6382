"""What is kept in single precision."""

import pytest
import torch

from paretoformer.kernels.precision import widened, without_autocast


@pytest.mark.parametrize(
    ("given", "wide"),
    [(torch.bfloat16, torch.float32), (torch.float16, torch.float32), (torch.float32, torch.float32)],
    ids=str,
)
def test_narrow_numbers_become_single(given, wide) -> None:
    assert widened(torch.ones(2, dtype=given)).dtype == wide


def test_double_stays_double() -> None:
    x = torch.ones(2, dtype=torch.float64)
    assert widened(x) is x


@pytest.mark.parametrize("enabled", [True, False])
def test_products_keep_their_type_inside_and_autocast_goes_on_after(enabled) -> None:
    x = torch.ones(2, 2)
    with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
        with without_autocast(x):
            assert (x @ x).dtype == torch.float32
        assert (x @ x).dtype == (torch.bfloat16 if enabled else torch.float32)


def test_a_tensor_without_numbers_has_no_autocast_to_leave() -> None:
    x = torch.ones(2, 2, device="meta")
    with without_autocast(x):
        assert (x @ x).dtype == torch.float32

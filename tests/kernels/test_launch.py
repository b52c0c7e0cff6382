"""A kernel that is launched again goes straight to its compiled form, where Triton would compile nothing new."""

import pytest
import torch

from paretoformer.kernels.launch import Launcher, power_of_two


class Kernel:
    """Stands in for Triton's: notes launches, and hands out compiled forms that note theirs."""

    arg_names = ["x", "y", "stride", "count", "WIDE"]

    def __init__(self) -> None:
        self.compiled: list[tuple] = []
        self.again: list[tuple] = []

    def __getitem__(self, grid):
        def launch(*given, **constants):
            self.compiled.append((grid, *given, constants))
            return FormOf(self)

        return launch


class FormOf:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def __getitem__(self, grid):
        return lambda *given: self.kernel.again.append((grid, *given))


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


def launch(launcher: Launcher, x, *, stride: int = 8, count: int = 3, wide: bool = True) -> None:
    launcher((5,), (x, None), (stride,), (count,), {"num_warps": 4, "WIDE": wide})


def test_the_first_launch_is_tritons_and_the_second_the_compiled_forms(kernel) -> None:
    launcher, x = Launcher(kernel), torch.zeros(4)
    launch(launcher, x)
    launch(launcher, x, count=4)
    assert kernel.compiled == [((5,), x, None, 8, 3, {"num_warps": 4, "WIDE": True})]
    assert kernel.again == [((5, 1, 1), x, None, 8, 4, True)]


@pytest.mark.parametrize(
    "change",
    [
        {"x": torch.zeros(4, dtype=torch.float16)},
        {"x": torch.zeros(8)[1:]},
        {"stride": 7},
        {"count": 2**31},
        {"wide": False},
    ],
    ids=["type", "alignment", "stride", "width of a number", "constant"],
)
def test_what_triton_compiles_for_makes_another_form(kernel, change) -> None:
    launcher, x = Launcher(kernel), torch.zeros(4)
    launch(launcher, x)
    launch(launcher, **({"x": x} | change))
    assert len(kernel.compiled) == 2 and kernel.again == []


def test_an_interpreter_without_compiled_forms_is_asked_each_time() -> None:
    launches: list[tuple] = []
    launcher = Launcher(
        type("Interpreted", (), {"__getitem__": lambda self, grid: lambda *a, **k: launches.append(a)})()
    )
    launch(launcher, torch.zeros(4))
    launch(launcher, torch.zeros(4))
    assert len(launches) == 2


@pytest.mark.parametrize(("size", "least", "power"), [(1, 1, 1), (3, 1, 4), (64, 1, 64), (65, 1, 128), (3, 16, 16)])
def test_powers_of_two_reach_the_size_and_the_least(size, least, power) -> None:
    assert power_of_two(size, least) == power

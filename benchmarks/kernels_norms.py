"""Norms beside torch's own, alone, with a residual, and with their gradients."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from kernels_checks import normal
from kernels_contest import Contest
from kernels_timing import DEVICE, GPU
from torch import Tensor
from torch.nn import functional

from paretoformer.kernels import add_crms_norm, add_rms_norm, crms_norm, rms_norm
from paretoformer.kernels import layer_norm as dispatched_layer_norm
from paretoformer.kernels.norms import crms_norm_reference

if GPU:  # the kernel itself, where the dispatcher would leave small operands to torch too
    from paretoformer.kernels.norms.fused import fused_norm


def our_norm(x: Tensor, r: Tensor | None, w: Tensor, b: Tensor | None, eps: float, kind: str) -> Any:
    """The fused kernel on a GPU, what the dispatcher takes elsewhere."""
    if GPU:
        return fused_norm(x, r, w, b, eps, kind)
    if kind == "crms":
        return (crms_norm(x, eps), None) if r is None else add_crms_norm(x, r, eps)
    if r is not None:
        return add_rms_norm(x, r, w, eps)
    return (dispatched_layer_norm(x, w, b, eps) if kind == "layer" else rms_norm(x, w, eps)), None


def norm_contests() -> Iterator[tuple[Contest, Callable[..., Tensor] | None]]:
    """Norms alone, with a residual, and with their gradients."""
    shapes = [(65_536, 256), (32_768, 768), (16_384, 4_096), (2_048, 768)] if GPU else [(4_096, 64), (4_096, 512)]
    for rows, width in shapes:
        for kind in ("layer", "rms", "add rms", "crms", "add crms"):
            for backward in (False, True):
                yield _norm_contest(rows, width, kind, backward)


def _norm_contest(rows: int, width: int, kind: str, backward: bool) -> tuple[Contest, Callable[..., Tensor] | None]:
    dtype, eps = torch.bfloat16 if GPU else torch.float32, 1e-5

    def operands(seed: int) -> tuple[Any, ...]:
        x, r, given = (normal(rows, width, seed=3 * seed + i, dtype=dtype, device=DEVICE) for i in range(3))
        w, b = torch.ones(width, device=DEVICE, dtype=dtype) * 1.1, torch.ones(width, device=DEVICE, dtype=dtype) * 0.1
        return tuple(t.requires_grad_(backward) for t in (x, r, w, b)) + (given,)

    shape = (width,)
    forms: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "layer": (
            lambda x, r, w, b: our_norm(x, None, w, b, eps, "layer")[0],
            lambda x, r, w, b: functional.layer_norm(x, shape, w, b, eps),
        ),
        "rms": (
            lambda x, r, w, b: our_norm(x, None, w, None, eps, "rms")[0],
            lambda x, r, w, b: functional.rms_norm(x, shape, w, eps),
        ),
        "add rms": (
            lambda x, r, w, b: our_norm(x, r, w, None, eps, "rms"),
            lambda x, r, w, b: (functional.rms_norm(x + r, shape, w, eps), x + r),
        ),
        "crms": (
            lambda x, r, w, b: our_norm(x, None, None, None, eps, "crms")[0],
            lambda x, r, w, b: crms_norm_reference(x, eps),
        ),
        "add crms": (
            lambda x, r, w, b: our_norm(x, r, None, None, eps, "crms"),
            lambda x, r, w, b: (crms_norm_reference(x + r, eps), x + r),
        ),
    }

    def way(normalise: Callable[..., Any]) -> Callable[..., Any]:
        def forward(x: Tensor, r: Tensor, w: Tensor, b: Tensor, given: Tensor) -> Any:
            return normalise(x, r, w, b)

        def both(x: Tensor, r: Tensor, w: Tensor, b: Tensor, given: Tensor) -> Any:
            y = normalise(x, r, w, b)
            y = y if isinstance(y, tuple) else (y,)
            wanted = {"layer": (x, w, b), "rms": (x, w), "add rms": (x, r, w), "crms": (x,), "add crms": (x, r)}[kind]
            return torch.autograd.grad(y, wanted, (given,) * len(y))

        return both if backward else forward

    def exact(x: Tensor, r: Tensor, w: Tensor, b: Tensor, given: Tensor) -> Tensor:
        y = plain(*(t.detach().double() for t in (x, r, w, b)))
        return y[0] if isinstance(y, tuple) else y

    ours, plain = forms[kind]
    ways = {"ours": way(ours), "definition" if "crms" in kind else "torch": way(plain)}
    if GPU and rows > 2_048:
        torch._dynamo.reset()
        ways["compiled"] = way(torch.compile(plain, dynamic=False))
    moved = (2 if "add" not in kind else 4) + (0 if not backward else 3 if "add" not in kind else 4)
    name = f"{rows}x{width} {kind} {'forward + backward' if backward else 'forward'}"
    size = torch.empty(0, dtype=dtype).element_size()
    contest = Contest(
        group="norm", name=name, bytes=moved * rows * width * size, operands=operands, ways=ways, peaks=True
    )
    return contest, None if backward else exact

"""Hash attention beside its N x N weights, and the omega memory by chunks beside its recurrence token by token."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from kernels_checks import normal
from kernels_contest import SOFTMAX, Contest
from kernels_timing import DEVICE, GPU
from torch import Tensor
from torch.nn.functional import logsigmoid, normalize, scaled_dot_product_attention

from paretoformer.kernels.hash_attention import hash_attention, hash_sums_reference
from paretoformer.kernels.omega_memory import MemoryState, OmegaRule, Tokens, omega_memory, omega_memory_reference
from paretoformer.kernels.omega_memory.networks import MlpMemory

BITS, BETA = 16, 32.0
"""EcoFormer's."""
OMEGA_HEADS, OMEGA_WIDTH = 4, 16
CHECKED_TOKENS = 256
"""Of the omega memory, whose recurrence in double precision takes long."""


def hash_contests() -> Iterator[tuple[Contest, Callable[..., Tensor]]]:
    """16-bit codes, forward and with gradients of codes and values."""
    for length in (1_024, 4_096, 16_384) if GPU else (64, 256, 1_024, 4_096):
        for causal in (False, True):
            for backward in (False, True):
                yield _hash_contest(length, causal, backward)


def _hash_contest(length: int, causal: bool, backward: bool) -> tuple[Contest, Callable[..., Tensor] | None]:
    batch, heads, width = (4, 12, 64) if GPU else (1, 4, 32)
    dtype = torch.bfloat16 if GPU else torch.float32

    def operands(seed: int) -> tuple[Any, ...]:
        code = normal(batch, heads, length, BITS, seed=3 * seed, dtype=dtype, device=DEVICE)
        v, given = (normal(batch, heads, length, width, seed=3 * seed + i, dtype=dtype, device=DEVICE) for i in (1, 2))
        codes = torch.where(code < 0, -1.0, 1.0).to(dtype)
        return codes.requires_grad_(backward), v.requires_grad_(backward), given

    def way(attend: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Any]:
        def forward(h: Tensor, v: Tensor, given: Tensor) -> Any:
            return attend(h, v)

        def both(h: Tensor, v: Tensor, given: Tensor) -> Any:
            return torch.autograd.grad(attend(h, v), (h, v), given)

        return both if backward else forward

    def dense(h: Tensor, v: Tensor) -> Tensor:
        total, divisor = hash_sums_reference(h, h, v, beta=BETA, causal=causal)
        return (total / divisor).to(v.dtype)

    def softmax(h: Tensor, v: Tensor) -> Tensor:
        q = torch.cat((h, h), -1) if width == 2 * BITS else h.repeat(1, 1, 1, width // BITS)
        return scaled_dot_product_attention(q, q, v, is_causal=causal)

    def exact(h: Tensor, v: Tensor, given: Tensor) -> Tensor:
        return dense(h.detach().double(), v.detach().double())

    ways = {
        "sums of codes": way(lambda h, v: hash_attention(h, h, v, beta=BETA, causal=causal)[0]),
        "dense": way(dense),
        SOFTMAX: way(softmax),
    }
    size = torch.empty(0, dtype=dtype).element_size()
    moved = batch * heads * length * (BITS + 2 * width) * size * (3 if backward else 1)
    kind = f"{'causal ' if causal else ''}{'forward + backward' if backward else 'forward'}"
    name = f"{batch}x{heads}x{length}x{width} {kind}"
    contest = Contest(group="hash", name=name, bytes=moved, operands=operands, ways=ways, peaks=True)
    return contest, None if backward else exact


def omega_contests() -> Iterator[tuple[Contest, Callable[..., Tensor] | None]]:
    """Memories as the mixer has them by default, forward; with gradients where the recurrence's are not too long."""
    for length in (256, 1_024):
        for window in (4, 8):
            for backward in (False, True)[: 2 if length == CHECKED_TOKENS else 1]:
                yield _omega_contest(length, window, backward)


def _omega_contest(length: int, window: int, backward: bool) -> tuple[Contest, Callable[..., Tensor] | None]:
    pairs = torch.triu_indices(OMEGA_WIDTH, OMEGA_WIDTH, device=DEVICE)
    features = 1 + OMEGA_WIDTH + pairs.shape[1]
    network = MlpMemory(OMEGA_WIDTH, 4 * OMEGA_WIDTH, features)
    rule = OmegaRule(window=window, chunk=16, inner="muon")

    def phi(x: Tensor) -> Tensor:
        return torch.cat((torch.ones_like(x[..., :1]), x, x[..., pairs[0]] * x[..., pairs[1]]), -1)

    def operands(seed: int) -> tuple[Any, ...]:
        def numbers(*shape: int, at: int) -> Tensor:
            return normal(1, OMEGA_HEADS, *shape, seed=9 * seed + at, dtype=torch.float32, device=DEVICE)

        gates = numbers(length, 3 + window, at=0)
        q, k = (
            normalize(numbers(length, 1, OMEGA_WIDTH, at=1), dim=-1),
            normalize(numbers(length, OMEGA_WIDTH, at=2), dim=-1),
        )
        v = numbers(length, OMEGA_WIDTH, at=3)
        weights = [
            (numbers(*shape, at=4 + i) / shape[1] ** 0.5).requires_grad_(backward)
            for i, shape in enumerate(network.shapes)
        ]
        return q, k, v, gates, *weights

    def way(learn: Callable[..., Any]) -> Callable[..., Any]:
        def forward(q: Tensor, k: Tensor, v: Tensor, gates: Tensor, *weights: Tensor) -> Tensor:
            kept, momentum = logsigmoid(gates[..., 0] + 4), logsigmoid(gates[..., 2] + 2)
            tokens = Tokens(q, k, v, kept, gates[..., 1].sigmoid() / rule.chunk, momentum, gates[..., 3:].sigmoid())
            nothing = k.new_zeros(1, OMEGA_HEADS, window - 1, OMEGA_WIDTH)
            state = MemoryState(weights, weights, tuple(torch.zeros_like(w) for w in weights), nothing, nothing)
            return learn(network, phi, rule, tokens, state)[0]

        def both(*given: Tensor) -> Any:
            return torch.autograd.grad(forward(*given).square().sum(), given[4:])

        return both if backward else forward

    def exact(*given: Tensor) -> Tensor:
        return ways["recurrence"](*(x.detach().double() for x in given))

    ways = {"chunks": way(omega_memory), "recurrence": way(omega_memory_reference)}
    moved = 4 * OMEGA_HEADS * length * (4 * OMEGA_WIDTH + 3 + window)
    name = f"{length} tokens window {window} {'forward + backward' if backward else 'forward'}"
    contest = Contest(group="omega", name=name, bytes=moved, operands=operands, ways=ways, peaks=True, least_turns=3)
    return contest, None if backward or length > CHECKED_TOKENS else exact

"""Ragged batches without padding beside padded ones: an encoder of two layers, and attention alone.

The rows of group `packed` in kernels.py. Lengths are spread evenly; what is aimed at is padded / packed within 15 % of
1 / fill for the encoder. On a GPU the packing is made before the clock starts, since a graph cannot wait for the host.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from kernels_checks import normal
from kernels_contest import Contest
from kernels_timing import DEVICE, GPU
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from paretoformer.kernels import Packing, packed_attention

FILLS = (0.3, 0.6, 0.9)
DTYPE = torch.bfloat16 if GPU else torch.float32
ENCODER = (64, 512, 768, 12) if GPU else (16, 256, 256, 4)
"""Sequences, tokens of the longest, width, heads."""
ATTENTION = (
    [(64, 512, 768, 12), (16, 2_048, 1_024, 16)] if GPU else [(16, 256, 256, 4), (32, 192, 32, 2), (32, 64, 64, 4)]
)


def packed_contests() -> Iterator[tuple[Contest, Callable[..., Tensor] | None]]:
    """An encoder, then attention, at each fill, forward and with gradients."""
    for fill in FILLS:
        for backward in (False, True):
            yield _encoder_contest(fill, backward)
    for shape in ATTENTION:
        for fill in FILLS:
            for backward in (False, True):
                yield _attention_contest(shape, fill, backward), None


def lengths_of(batch: int, longest: int, fill: float) -> Tensor:
    """Evenly spread around `fill` of the longest, from as short as that leaves room for."""
    reach = min(1 - fill, fill - 0.02)
    return (torch.linspace(fill - reach, fill + reach, batch) * longest).round().long().clamp(1, longest)


def _name(shape: tuple[int, ...], lengths: Tensor, backward: bool) -> str:
    fill = lengths.sum().item() / (shape[0] * shape[1])
    kind = "forward + backward" if backward else "forward"
    return f"{'x'.join(map(str, shape))} fill {fill:.2f} (1 / {1 / fill:.2f}) {kind}"


def _encoder_contest(fill: float, backward: bool) -> tuple[Contest, Callable[..., Tensor] | None]:
    from paretoformer.search_spaces.heads import mean_of_valid

    batch, longest, width, _ = ENCODER
    lengths = lengths_of(batch, longest, fill).to(DEVICE)
    packing = Packing.of(lengths, longest)
    stack, wide = _encoder().to(DEVICE, DTYPE), _encoder().to(DEVICE, torch.float64)
    weights = list(stack.parameters())

    def operands(seed: int) -> tuple[Any, ...]:
        return (normal(batch, longest, width, seed=seed, dtype=DTYPE, device=DEVICE),)

    def packed(x: Tensor) -> Tensor:
        if not GPU:
            return stack(x, lengths)
        context = replace(stack.context(), packing=packing)
        return packing.unpack(stack.close(stack.run(packing.pack(x)[None], context), context)[0])

    def padded(x: Tensor) -> Tensor:
        context = stack.context(lengths)
        return stack.close(stack.run(x, context), context)

    def way(call: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
        def forward(x: Tensor) -> Tensor:
            with torch.no_grad():
                return mean_of_valid(call(x), lengths)

        def both(x: Tensor) -> Any:
            return torch.autograd.grad(mean_of_valid(call(x), lengths).sum(), weights)

        return both if backward else forward

    def exact(x: Tensor) -> Tensor:
        with torch.no_grad():
            context = wide.context(lengths)
            return mean_of_valid(wide.close(wide.run(x.double(), context), context), lengths)

    numbers = sum(weight.numel() for weight in weights) + 2 * packing.tokens * width
    name = f"encoder 2 x {_name(ENCODER, lengths, backward)}"
    ways = {"packed": way(packed), "padded": way(padded)}
    contest = Contest(
        group="packed", name=name, bytes=numbers * weights[0].element_size(), operands=operands, ways=ways, peaks=True
    )
    return contest, None if backward else exact


def _encoder() -> Any:
    """Two layers of softmax attention and gelu with layer norms after them, as in BERT, of the same weights every time."""
    from paretoformer.search_spaces.architecture import Branch, Stack
    from paretoformer.search_spaces.contract import Site
    from paretoformer.search_spaces.registry import config_from_json
    from paretoformer.search_spaces.stack import StackModule

    _, longest, width, heads = ENCODER
    bodies = {"mixer": config_from_json("mixer", {"name": "softmax", "heads": heads})}
    bodies |= {"feedforward": config_from_json("feedforward", "gelu")}
    norm, position = config_from_json("norm", "layer"), config_from_json("position", "none")
    block = tuple(Branch(role=role, body=body, norm=norm, placement="post") for role, body in bodies.items())
    torch.manual_seed(0)
    stack = Stack(name="encoder", width=width, position=position, blocks=(block, block))
    return StackModule(stack, Site(width=width, length=longest, position=position))


def _attention_contest(shape: tuple[int, int, int, int], fill: float, backward: bool) -> Contest:
    batch, longest, width, heads = shape
    lengths = lengths_of(batch, longest, fill).to(DEVICE)
    packing = Packing.of(lengths, longest)
    mask = packing.valid[:, None, None]

    def operands(seed: int) -> tuple[Any, ...]:
        parts = [
            normal(batch, longest, heads, width // heads, seed=3 * seed + i, dtype=DTYPE, device=DEVICE)
            for i in range(3)
        ]
        return tuple(x.requires_grad_(backward) for x in [*(packing.pack(x) for x in parts), *parts])

    def packed(*given: Tensor) -> Tensor:
        return packed_attention(*given[:3], packing)

    def padded(*given: Tensor) -> Tensor:
        q, k, v = (x.transpose(1, 2) for x in given[3:])
        return scaled_dot_product_attention(q, k, v, attn_mask=mask)

    def alone(*given: Tensor) -> Tensor:
        parts = zip(*(x.split(packing.lengths) for x in given[:3]), strict=True)
        ys = [scaled_dot_product_attention(*(x.transpose(0, 1)[None] for x in each)) for each in parts]
        return torch.cat([y[0].transpose(0, 1) for y in ys])

    def nested(*given: Tensor) -> Tensor:
        offsets, most = packing.offsets.long(), max(packing.lengths)
        jagged = (
            torch.nested.nested_tensor_from_jagged(x, offsets, min_seqlen=min(packing.lengths), max_seqlen=most)
            for x in given[:3]
        )
        y = scaled_dot_product_attention(*(x.transpose(1, 2) for x in jagged))
        return y.transpose(1, 2).values()

    def way(call: Callable[..., Tensor], of: slice) -> Callable[..., Any]:
        def both(*given: Tensor) -> Any:
            y = call(*given)
            return torch.autograd.grad(y, given[of], torch.ones_like(y))

        return both if backward else call

    ours, whole = slice(0, 3), slice(3, 6)
    ways = {"packed": way(packed, ours), "padded": way(padded, whole)}
    ways |= {"nested": way(nested, ours)} if GPU else {"sequence by sequence": way(alone, ours)}
    moved = (8 if backward else 4) * packing.tokens * width * torch.empty(0, dtype=DTYPE).element_size()
    name = f"attention {_name(shape, lengths, backward)}"
    return Contest(group="packed", name=name, bytes=moved, operands=operands, ways=ways, peaks=True)

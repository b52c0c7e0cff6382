"""gnConv beside its recursion, its published costs, and what its order means."""

import math

import pytest
import torch
from torch.nn.functional import conv2d

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import choice

SITE = Site(width=16, length=30, grid=(5, 6))
GRID = Context(grid=(5, 6))
STAGES = ((2, 2, 56), (3, 3, 28), (4, 18, 14), (5, 2, 7))
"""Order, blocks and side of the grid of HorNet's four stages; widths double from one to the next."""
LOCAL, MIXED = ("local",) * 4, ("local", "local", "global", "global")


def config(**fields):
    return choice("mixer", "gnconv").config(**fields)


def mixer(places, **fields):
    return places.built(config(**fields), SITE).double()


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_it_is_the_nested_product_of_its_gates(places, order) -> None:
    module, x = mixer(places, order=order), places.normal(2, 30, 16)
    widths = [16 // 2 ** (order - 1 - k) for k in range(order)]
    projected = x @ module.up.weight.T + module.up.bias
    image = projected[..., widths[0] :].mT.reshape(2, -1, 5, 6)
    kernel = module.filter.kernel
    gates = (conv2d(image, kernel.weight, kernel.bias, padding=3, groups=len(kernel.weight)) / 3).flatten(2).mT

    def gated(k):
        gate = gates[..., sum(widths[:k]) : sum(widths[: k + 1])]
        if k == 0:
            return projected[..., : widths[0]] * gate
        layer = module.between[k - 1]
        return (gated(k - 1) @ layer.weight.T + layer.bias) * gate

    expected = gated(order - 1) @ module.out.weight.T + module.out.bias
    torch.testing.assert_close(module(x, GRID), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_without_biases_it_is_homogeneous_of_its_order_and_one(places, order) -> None:
    module, x = mixer(places, order=order), places.normal(1, 30, 16)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
        torch.testing.assert_close(module(2 * x, GRID), 2 ** (order + 1) * module(x, GRID), rtol=1e-10, atol=0)


def test_alpha_folds_into_the_filter(places) -> None:
    module, folded, x = mixer(places, alpha=4.0), mixer(places, alpha=1.0), places.normal(1, 30, 16)
    folded.load_state_dict(module.state_dict())
    with torch.no_grad():
        folded.filter.kernel.weight /= 4
        folded.filter.kernel.bias /= 4
        torch.testing.assert_close(folded(x, GRID), module(x, GRID), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("width", "order", "side"), [(64, 2, 56), (128, 3, 28), (256, 4, 14), (512, 5, 7)])
def test_macs_are_the_papers_formula_without_the_gates(width, order, side) -> None:
    site = Site(width=width, length=side**2, grid=(side, side))
    per_value = 2 * 49 * (1 - 2.0**-order) + (11 / 3 - 2 / (3 * 4 ** (order - 1))) * width
    assert config(order=order).macs(site, site.length) == round(site.length * width * per_value)


@pytest.mark.parametrize(
    ("base", "filters", "published"),
    [
        (64, LOCAL, 22.41),
        (64, MIXED, 22.99),
        (96, LOCAL, 49.53),
        (96, MIXED, 50.40),
        (128, LOCAL, 87.26),
        (128, MIXED, 88.42),
    ],
)
def test_hornets_have_the_published_parameters(base, filters, published) -> None:
    total = 3 * 16 * base + base + 2 * base + 2 * 8 * base + 8 * base * 1000 + 1000  # stem, last norm, head
    for stage, ((order, blocks, side), filter_) in enumerate(zip(STAGES, filters, strict=True)):
        width = base << stage
        site = Site(width=width, length=side**2, grid=(side, side))
        block = config(order=order, filter=filter_).parameters(site) + 6 * width + 8 * width**2 + 5 * width
        total += blocks * block + (2 * width + 4 * width * 2 * width + 2 * width if stage < 3 else 0)
    assert math.isclose(total / 1e6, published, abs_tol=0.005)


def test_hornet_tiny_has_the_published_macs() -> None:
    total = 56**2 * 48 * 64 + 512 * 1000
    for stage, (order, blocks, side) in enumerate(STAGES):
        width = 64 << stage
        site = Site(width=width, length=side**2, grid=(side, side))
        total += blocks * (config(order=order).macs(site, side**2) + 8 * side**2 * width**2)
        total += (side // 2) ** 2 * 4 * width * 2 * width if stage < 3 else 0
    assert round(total / 1e9, 3) == 3.968


def test_the_size_of_the_local_filter_is_nothing_to_the_global_one() -> None:
    assert config(filter="global", size=5).canonical() == config(filter="global")


@pytest.mark.parametrize(
    ("fields", "width", "sentence"),
    [
        ({"order": 4}, 12, "mixer gnconv of order 4 needs a width that is a multiple of 8, and the width is 12"),
        (
            {"order": 5, "filter": "global"},
            16,
            "mixer gnconv of order 5 filters 31 channels at the width 16, and a global filter halves them; "
            "use filter local, or a width that is a multiple of 32",
        ),
        ({"size": 11}, 16, "mixer gnconv has size 11, and a grid of 5 x 6 is narrower; use at most 9"),
    ],
)
def test_what_cannot_stand_is_refused(fields, width, sentence) -> None:
    assert list(config(**fields).problems(Site(width=width, length=30, grid=(5, 6)))) == [sentence]


@pytest.mark.slow
def test_a_product_of_three_pixels_needs_more_than_one_gate() -> None:
    """The paper 31 notes' small claim: order 1 makes polynomials of degree 2, blind to a parity of degree 3."""
    assert parity_accuracy(order=1) < 0.6
    assert parity_accuracy(order=2) > 0.9


def parity_accuracy(order: int) -> float:
    torch.manual_seed(0)
    site = Site(width=16, length=25, grid=(5, 5))
    into, head = torch.nn.Linear(1, 16), torch.nn.Linear(25 * 16, 2)
    module = config(order=order, size=5, alpha=1.0).build(site)
    parameters = [*into.parameters(), *module.parameters(), *head.parameters()]
    optimiser, draws = torch.optim.AdamW(parameters, lr=1e-2), torch.Generator().manual_seed(1)

    def logits_and_labels(batch):
        pixels = torch.randint(2, (batch, 25, 1), generator=draws) * 2.0 - 1
        labels = (pixels[:, [6, 13, 17], 0].prod(1) > 0).long()
        return head(module(into(pixels), Context(grid=(5, 5))).flatten(1)), labels

    for _ in range(400):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(*logits_and_labels(128)).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
    with torch.no_grad():
        logits, labels = logits_and_labels(1_000)
    return (logits.argmax(1) == labels).float().mean().item()

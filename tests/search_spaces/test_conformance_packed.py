"""Every choice that claims to run without padding gives there what it gives beside padding."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.kernels import Packing
from paretoformer.search_spaces import registry
from paretoformer.search_spaces.contract import Capability, Context, auxiliary_loss

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
LENGTHS = ([9, 1, 4], [9, 0, 2, 9, 8], [1, 9, 9])
WITH_MODULES = [
    choice
    for kind in ("mixer", "norm", "feedforward")
    for choice in registry.choices(kind)
    if Capability.PACKED in choice.capabilities
]
POSITIONS = [choice for choice in registry.choices("position") if Capability.PACKED in choice.capabilities]
EXITS = [choice for choice in registry.choices("exit") if Capability.PACKED in choice.capabilities]


def configs(choice, places, site) -> list:
    """The default of a choice and each field at another value, where it can stand at `site`."""
    default = choice.config()
    changed = {}
    for field, config in places.alternatives(default):
        if field not in changed and not list(config.problems(site)):
            changed[field] = config
    return [default, *changed.values()]


def both_ways(module, x, lengths) -> list[dict[str, torch.Tensor]]:
    """Padded and packed: valid outputs, the module's own loss, gradients, buffers."""
    packing = Packing.of(torch.tensor(lengths), x.shape[1])
    start = {name: value.clone() for name, value in module.state_dict().items()}
    found = []
    for packed in (False, True):
        module.load_state_dict(start)
        given = x.clone().requires_grad_()
        if packed:
            y = module(packing.pack(given)[None], Context(packing=packing))[0]
        else:
            y = packing.pack(module(given, Context(lengths=torch.tensor(lengths))))
        own = auxiliary_loss(module)
        loss = y.sin().sum() + (0.0 if own is None else own)
        wanted = {"x": given, **{name: weight for name, weight in module.named_parameters() if weight.requires_grad}}
        slopes = torch.autograd.grad(loss, wanted.values(), allow_unused=True)
        gradients = {f"d{name}": slope for name, slope in zip(wanted, slopes, strict=True) if slope is not None}
        found.append({"y": y, "loss": loss, **gradients, **dict(module.named_buffers())})
        found[-1] = {name: value.detach().clone() for name, value in found[-1].items()}
    return found


@pytest.mark.parametrize("trained", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("choice", WITH_MODULES, ids=lambda choice: f"{choice.kind}-{choice}")
def test_packed_tokens_give_the_same_as_padded_ones_with_gradients_and_statistics(choice, trained, places) -> None:
    site = replace(places.sites["bidirectional"], position=places.default("position", "none"))
    for config in configs(choice, places, site):
        module = places.built(config, site).double().train(trained)
        for lengths in LENGTHS:
            padded, packed = both_ways(module, places.normal(len(lengths), 9, site.width), lengths)
            torch.testing.assert_close(packed, padded, **CLOSE, msg=lambda text, config=config: f"{config}: {text}")


@settings(deadline=None, max_examples=25)
@given(lengths=st.lists(st.integers(0, 12), min_size=1, max_size=5).filter(any), choice=st.sampled_from(WITH_MODULES))
def test_any_lengths_give_the_same(places, lengths, choice) -> None:
    site = replace(places.sites["bidirectional"], position=places.default("position", "none"))
    module = places.built(choice.config(), site).double().train()
    padded, packed = both_ways(module, places.normal(len(lengths), 12, site.width), lengths)
    torch.testing.assert_close(packed, padded, **CLOSE)


@pytest.mark.parametrize("mixer", [choice for choice in WITH_MODULES if choice.kind == "mixer"], ids=str)
@pytest.mark.parametrize("choice", POSITIONS, ids=str)
def test_positions_are_those_of_each_sequence(choice, mixer, places) -> None:
    site = places.sites["bidirectional"]
    for config in configs(choice, places, site):
        placed = replace(site, position=config)
        if list(mixer.config().problems(placed)):
            continue
        module, on_input = places.built(mixer.config(), placed).double(), config.build(placed)
        for lengths in LENGTHS:
            x = places.normal(len(lengths), 9, site.width)
            padded, packed = both_ways(module, x, lengths)
            torch.testing.assert_close(packed, padded, **CLOSE)
            if on_input is not None:
                packing = Packing.of(torch.tensor(lengths), 9)
                added = on_input.double()(packing.pack(x)[None], packing.positions)[0]
                torch.testing.assert_close(added, packing.pack(on_input(x, torch.arange(9))), **CLOSE)


@pytest.mark.parametrize("threshold", [0.5, 0.98, 1.0])
@pytest.mark.parametrize("choice", EXITS, ids=str)
def test_an_exit_decides_alike(choice, threshold, places) -> None:
    module = choice.config().build(places.sites["bidirectional"])
    if module is None:
        return
    module.threshold = threshold
    packing, x = Packing.of(torch.tensor([9, 0, 3]), 9), places.normal(3, 9, 16)
    for change in (0.1, 0.3, 2.0):
        pair = (x, x + change * places.normal(3, 9, 16, seed=2))
        padded = module.leaves(*pair, Context(lengths=torch.tensor([9, 0, 3])))
        assert module.leaves(*(packing.pack(each)[None] for each in pair), Context(packing=packing)) == padded

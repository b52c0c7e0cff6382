"""A stack whose choices can runs without padding, and gives what it gives with it."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from paretoformer.kernels import dispatch
from paretoformer.search_spaces import packed_stack, registry
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.contract import Capability, MemorySite
from paretoformer.search_spaces.packed_stack import packing_for, packs
from paretoformer.search_spaces.stack import StackModule

NAMES = {
    kind: [choice.name for choice in registry.choices(kind) if Capability.PACKED in choice.capabilities]
    for kind in ("mixer", "norm", "feedforward", "position")
}
LENGTHS = torch.tensor([9, 1, 0, 4])


def stack_of(places, placement: str = "pre", **names):
    """The encoder stack of choices by name, in two blocks, and its site."""
    configs = {kind: places.default(kind, name) for kind, name in names.items()}
    topology, stem = places.default("topology", "encoder"), places.default("stem", "tokens")
    stack = places.assembled(depth=2, placement=placement, topology=topology, stem=stem, **configs).stacks[0]
    return stack, replace(places.sites["bidirectional"], position=stack.position)


def module_of(stack, site) -> StackModule:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return StackModule(stack, site).double()


@pytest.fixture
def always(monkeypatch) -> None:
    """Packing small batches too."""
    monkeypatch.setattr(packed_stack, "LEAST_PADDING", 0)


def outputs_and_gradients(module, x, lengths) -> list[torch.Tensor]:
    given = x.clone().requires_grad_()
    y = module(given, lengths)[torch.arange(x.shape[1]) < lengths[:, None]]
    # Weighed by fixed numbers: without a norm squares of squares grow, and the sine of such a number is mostly its rounding.
    weights = torch.arange(y.numel(), dtype=y.dtype).cos().view_as(y)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), [given, *module.parameters()], allow_unused=True)]


@settings(deadline=None, max_examples=25)
@given(
    mixer=st.sampled_from(NAMES["mixer"]),
    norm=st.sampled_from(NAMES["norm"]),
    feedforward=st.sampled_from(NAMES["feedforward"]),
    position=st.sampled_from(NAMES["position"]),
    placement=st.sampled_from(["pre", "post", "sandwich"]),
    residual=st.sampled_from(["branch", "block"]),
    opening=st.booleans(),
    loops=st.integers(1, 2),
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(
        lambda lengths: 0 < sum(lengths) < 9 * len(lengths)
    ),
)
def test_any_stack_of_such_choices_gives_the_same(
    places, mixer, norm, feedforward, position, placement, residual, opening, loops, lengths
) -> None:
    if position == "rotary" and mixer == "identity":
        position = "none"
    stack, site = stack_of(places, placement, mixer=mixer, norm=norm, feedforward=feedforward, position=position)
    stack = replace(stack, residual=residual, opening=opening, loops=loops)
    module, x, given = module_of(stack, site), places.normal(len(lengths), 9, 16), torch.tensor(lengths)
    assert module.packs
    padded = outputs_and_gradients(module, x, given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_stack, "LEAST_PADDING", 0)
        patch.setattr(packed_stack, "FULLEST", 1.0)
        packed = outputs_and_gradients(module, x, given)
    for one, other in zip(packed, padded, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10 * max(1.0, float(other.abs().max())))


def test_padding_is_left_at_zero(places, always) -> None:
    module, x = module_of(*stack_of(places)), places.normal(4, 9, 16)
    assert module(x, LENGTHS)[torch.arange(9) >= LENGTHS[:, None]].eq(0).all()


def test_outputs_by_depth_are_the_same(places, monkeypatch) -> None:
    module, x = module_of(*stack_of(places)).eval(), places.normal(4, 9, 16)
    valid = torch.arange(9) < LENGTHS[:, None]
    padded = [y[valid] for y in module.by_depth(x, LENGTHS)]
    monkeypatch.setattr(packed_stack, "LEAST_PADDING", 0)
    torch.testing.assert_close([y[valid] for y in module.by_depth(x, LENGTHS)], padded, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("topology", ["encoder", "encoder-decoder"])
def test_a_whole_model_gives_the_same(places, topology, monkeypatch) -> None:
    signature = places.signatures["translation" if topology == "encoder-decoder" else "text-class"]
    architecture = places.assembled(
        topology=places.default("topology", topology), stem=places.default("stem", "tokens")
    )
    if topology == "encoder-decoder":
        architecture = replace(architecture, source=None)
    model = build(architecture, signature, seed=0).double().eval()
    inputs, source = places.inputs_for(signature, 4), places.source_for(signature, 4)
    source = None if source is None else replace(source, lengths=torch.tensor([20, 3, 1, 9]))
    lengths = torch.tensor([70, 3, 1, 40])
    taken = []
    monkeypatch.setattr(packed_stack.Packing, "of", spy(packed_stack.Packing.of, taken))
    monkeypatch.setattr(packed_stack, "FULLEST", 0.0)
    padded = model(inputs, lengths, source)
    monkeypatch.setattr(packed_stack, "FULLEST", 1.0)
    monkeypatch.setattr(packed_stack, "LEAST_PADDING", 0)
    packed = model(inputs, lengths, source)
    assert len(taken) == 1
    kept = slice(None) if signature.whole else torch.arange(70) < lengths[:, None]
    torch.testing.assert_close(packed[kept], padded[kept], rtol=1e-12, atol=1e-12)


def spy(make, taken: list):
    def made(*given):
        taken.append(given)
        return make(*given)

    return made


def test_a_choice_without_the_claim_keeps_its_stack_padded(places) -> None:
    assert packs(*stack_of(places))
    for kind, name in (("norm", "group"), ("mixer", "window"), ("position", "alibi")):
        assert not packs(*stack_of(places, **{kind: name}))
    stack, site = stack_of(places)
    mixer, *others = stack.blocks[0]
    own = replace(stack, blocks=((replace(mixer, position=places.default("position", "t5")), *others),))
    assert not packs(own, site)


def test_a_causal_stack_one_on_a_grid_and_one_with_a_memory_stay_padded(places) -> None:
    stack, site = stack_of(places)
    for changed in ({"causal": True}, {"grid": (10, 13)}, {"memory": MemorySite(width=16, length=5)}):
        assert not packs(stack, replace(site, **changed))


def test_a_batch_is_packed_where_enough_of_it_is_padding(places, monkeypatch) -> None:
    x, short, full = torch.zeros(4, 1_024, 16), torch.tensor([1_024, 5, 3, 0]), torch.tensor([1_024] * 3 + [900])
    assert packing_for(x, short).tokens == 1_032
    assert packing_for(x, None) is None
    assert packing_for(x, full) is None
    assert packing_for(x[:, :64], short.clamp_max(64)) is None
    assert packing_for(x, torch.zeros(4, dtype=torch.long)) is None
    monkeypatch.setattr(dispatch, "FORCED", True)
    assert packing_for(x, short) is None


def test_what_has_no_data_is_not_packed(always) -> None:
    assert packing_for(torch.zeros(4, 9, 16, device="meta"), LENGTHS.to("meta")) is None
    with FakeTensorMode():
        assert packing_for(torch.zeros(4, 9, 16), torch.zeros(4, dtype=torch.long)) is None


def test_an_exported_and_a_compiled_stack_stay_padded_and_give_the_same(places, always) -> None:
    module, x = module_of(*stack_of(places)).eval(), places.normal(4, 9, 16)
    valid, expected = torch.arange(9) < LENGTHS[:, None], module(x, LENGTHS)
    exported = torch.export.export(module, (x, LENGTHS)).module()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    other = torch.tensor([2, 9, 9, 1])
    for way in (exported, compiled):
        torch.testing.assert_close(way(x, LENGTHS)[valid], expected[valid], rtol=1e-12, atol=1e-12)
        seen = torch.arange(9) < other[:, None]
        torch.testing.assert_close(way(x, other)[seen], module(x, other)[seen], rtol=1e-12, atol=1e-12)

"""Every registered mixer keeps the contract of mixers and each capability that it claims."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Capability

EXACT = {"rtol": 0, "atol": 1e-12}
CLOSE = {"rtol": 1e-10, "atol": 1e-10}
CONTEXTS = (0, 1, 4, 63, 64, 129)
"""Tokens before the one that is decoded: around the chunk of 64, and at the end of the longest site."""


def forward(case, x: Tensor, module=None, **facts: Any) -> Tensor:
    with torch.no_grad():
        return (module or case.module(x.dtype))(x, case.context(**facts))


def extend(case, module, x: Tensor, pieces: list[int]) -> Tensor:
    """x: (B, N, D) given piece by piece, with room for three tokens more."""
    outputs, seen = [], 0
    with torch.no_grad():
        state = module.start(len(x), x.shape[1] + 3, x[:1, 0], case.context())
        for piece in x.split(pieces, 1):
            y, state = module.extend(piece, state, case.context(offset=seen))
            outputs.append(y)
            seen += piece.shape[1]
    return torch.cat(outputs, 1)


def tensors(state: Any) -> Iterator[Tensor]:
    """All tensors in a decoding state."""
    if isinstance(state, Tensor):
        yield state
    elif is_dataclass(state):
        yield from (t for item in fields(state) for t in tensors(getattr(state, item.name)))
    elif isinstance(state, tuple | list):
        yield from (t for part in state for t in tensors(part))


def test_a_mixer_stands_at_some_site(mixer_choice, places) -> None:
    assert any(case.config.choice is mixer_choice for case in places.cases("mixer"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_outputs_have_the_shape_and_type_of_inputs_and_are_finite(mixer_case, dtype) -> None:
    module = mixer_case.module(dtype)
    for length in mixer_case.lengths:
        x = mixer_case.tokens(2, length, dtype)
        y = forward(mixer_case, x, module)
        assert (y.shape, y.dtype) == (x.shape, dtype)
        assert y.isfinite().all()


def test_single_precision_agrees_with_double(mixer_case) -> None:
    mixer_case.refuse(Capability.DATA_COST)
    length = mixer_case.lengths[-1]
    torch.testing.assert_close(
        forward(mixer_case, mixer_case.tokens(1, length, torch.float32)).double(),
        forward(mixer_case, mixer_case.tokens(1, length)),
        rtol=1e-3,
        atol=1e-3,
    )


def test_a_causal_output_does_not_read_later_tokens(mixer_case) -> None:
    mixer_case.need_causal()
    module = mixer_case.module()
    for length in mixer_case.lengths:
        x = mixer_case.tokens(1, length)
        before = forward(mixer_case, x, module)
        for changed in sorted({0, length // 2, length - 1}):
            other = x.clone()
            other[:, changed] += 3 * mixer_case.tokens(1, 1)[:, 0].flip(-1)
            after = forward(mixer_case, other, module)
            torch.testing.assert_close(after[:, :changed], before[:, :changed], **EXACT)
            assert not torch.equal(after[:, changed:], before[:, changed:])


def test_forward_equals_extend_in_every_two_split(mixer_case) -> None:
    mixer_case.need_causal()
    module, x = mixer_case.module(), mixer_case.tokens(2, 7)
    whole = forward(mixer_case, x, module)
    for first in range(1, 7):
        torch.testing.assert_close(extend(mixer_case, module, x, [first, 7 - first]), whole, **CLOSE)


@pytest.mark.parametrize(
    "pieces", [[130], [1] * 130, [64, 66], [65, 65], [63, 1, 1, 65], [2, 127, 1]], ids=lambda p: f"{len(p)}-{p[0]}"
)
def test_forward_equals_extend_across_chunks(mixer_case, pieces) -> None:
    mixer_case.need_causal()
    module, x = mixer_case.module(), mixer_case.tokens(1, 130)
    torch.testing.assert_close(extend(mixer_case, module, x, pieces), forward(mixer_case, x, module), **CLOSE)


def test_decoding_in_bf16_stays_as_exact_as_the_whole_sequence(mixer_case) -> None:
    mixer_case.need_causal()
    if not mixer_case.plain:
        pytest.skip("shown by the plain case")
    length = 130 if Capability.FIXED_LENGTH in mixer_case.config.choice.capabilities else 600
    x = mixer_case.tokens(1, length) + 1
    exact, rounded = forward(mixer_case, x), mixer_case.module(torch.bfloat16)
    whole = (forward(mixer_case, x.bfloat16(), rounded) - exact).abs().max()
    decoded = (extend(mixer_case, rounded, x.bfloat16(), [1] * length) - exact).abs().max()
    assert decoded <= 4 * whole + 0.01


def test_extend_exists_just_where_causal_is_claimed(mixer_case) -> None:
    module, x = mixer_case.module(), mixer_case.tokens(1, 1)
    if Capability.CAUSAL in mixer_case.config.choice.capabilities:
        module.start(1, 4, x[:, 0], mixer_case.context())
    else:
        with pytest.raises(NotImplementedError, match="bidirectional"):
            module.start(1, 4, x[:, 0], mixer_case.context())


def test_samples_of_a_batch_do_not_see_each_other(mixer_case) -> None:
    module, x = mixer_case.module(), mixer_case.tokens(3, mixer_case.lengths[-1])
    alone = torch.cat([forward(mixer_case, sample, module) for sample in x.split(1)])
    torch.testing.assert_close(forward(mixer_case, x, module), alone, **CLOSE)


@pytest.mark.parametrize("length", [9, 70])
def test_what_stands_in_padding_changes_no_valid_output(mixer_case, length) -> None:
    mixer_case.need_sequence()
    module, x = mixer_case.module(), mixer_case.tokens(3, length)
    lengths = torch.tensor([length, 1, length // 2])
    valid = torch.arange(length) < lengths[:, None]
    other = torch.where(valid[..., None], x, 100 * x.flip(-1))
    before = forward(mixer_case, x, module, lengths=lengths)
    after = forward(mixer_case, other, module, lengths=lengths)
    torch.testing.assert_close(after[valid], before[valid], **EXACT)


@pytest.mark.parametrize("length", [9, 70])
def test_a_padded_sequence_gives_what_it_gives_alone(mixer_case, length) -> None:
    mixer_case.need_sequence()
    module, x = mixer_case.module(), mixer_case.tokens(3, length)
    lengths = torch.tensor([length, 1, length // 2])
    y = forward(mixer_case, x, module, lengths=lengths)
    for row, size in enumerate(lengths.tolist()):
        alone = forward(mixer_case, x[row : row + 1, :size], module)
        torch.testing.assert_close(y[row : row + 1, :size], alone, **CLOSE)


def test_outputs_at_padding_are_finite_even_for_an_empty_sequence(mixer_case) -> None:
    mixer_case.need_sequence()
    lengths = torch.tensor([9, 1, 0])
    assert forward(mixer_case, mixer_case.tokens(3, 9), lengths=lengths).isfinite().all()


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero(mixer_case) -> None:
    mixer_case.refuse(Capability.BY_CONVERSION)
    module = mixer_case.module().train()
    x = mixer_case.tokens(2, mixer_case.lengths[-1]).requires_grad_()
    module(x, mixer_case.context()).square().sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().max() > 0, name


def test_gradients_are_finite_beside_padding(mixer_case) -> None:
    mixer_case.need_sequence()
    module, x = mixer_case.module().train(), mixer_case.tokens(3, 9).requires_grad_()
    lengths = torch.tensor([9, 1, 4])
    y = module(x, mixer_case.context(lengths=lengths))
    y[torch.arange(9) < lengths[:, None]].square().sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()


def test_parameters_are_as_counted(mixer_case) -> None:
    built = sum(parameter.numel() for parameter in mixer_case.module().parameters())
    assert mixer_case.config.parameters(mixer_case.site) == built


def test_macs_are_as_counted_in_the_plain_form(mixer_case) -> None:
    mixer_case.refuse(Capability.DATA_COST)
    module = mixer_case.module()
    for length in mixer_case.lengths:
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            forward(mixer_case, mixer_case.tokens(1, length), module)
        assert 2 * mixer_case.config.macs(mixer_case.site, length) == counter.get_total_flops(), length


def test_a_state_takes_the_bytes_that_are_counted(mixer_case) -> None:
    mixer_case.need_causal()
    module = mixer_case.module(torch.float32)
    for length in mixer_case.lengths:
        x = mixer_case.tokens(1, length, torch.float32)
        with torch.no_grad():
            _, state = module.extend(x, module.start(1, length, x[:, 0], mixer_case.context()), mixer_case.context())
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors(state) if t.numel()}
        assert mixer_case.config.state_bytes(mixer_case.site, length) == sum(storages.values()), length


def continued(case, module, context: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Any]:
    """A token (1, 1, D), and the state after `context` tokens before it."""
    x = case.tokens(1, context + 1, dtype)
    with torch.no_grad():
        state = module.start(1, context + 1, x[:, 0], case.context())
        if context:
            _, state = module.extend(x[:, :context], state, case.context())
    return x[:, context:], state


def test_macs_of_decoding_a_token_are_as_counted_in_the_plain_form(mixer_case) -> None:
    mixer_case.need_causal()
    module = mixer_case.module()
    for context in CONTEXTS:
        x, state = continued(mixer_case, module, context)
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
            module.extend(x, state, mixer_case.context(offset=context))
        assert 2 * mixer_case.config.step_macs(mixer_case.site, context) == counter.get_total_flops(), context


def test_additions_are_part_of_the_multiply_accumulates(mixer_case) -> None:
    config, site = mixer_case.config, mixer_case.site
    for length in mixer_case.lengths:
        assert 0 <= config.additions(site, length) <= config.macs(site, length)
    if site.causal:
        assert all(0 <= config.step_additions(site, context) <= config.step_macs(site, context) for context in CONTEXTS)


def test_a_token_reads_no_more_state_than_there_is_and_writes_no_more_than_there_will_be(mixer_case) -> None:
    mixer_case.need_causal()
    config, site = mixer_case.config, mixer_case.site
    for context in CONTEXTS:
        read, written = config.state_traffic(site, context)
        assert 0 <= read <= config.state_bytes(site, context)
        assert 0 <= written <= config.state_bytes(site, context + 1)
        assert config.state_bytes(site, context + 1) - config.state_bytes(site, context) <= written


def test_a_state_in_bf16_is_half_as_large_but_for_what_stays_wide(mixer_case) -> None:
    mixer_case.need_causal()
    if not mixer_case.plain:
        pytest.skip("shown by the plain case")
    module, config, site = mixer_case.module(torch.bfloat16), mixer_case.config, mixer_case.site
    for length in mixer_case.lengths:
        x = mixer_case.tokens(1, length, torch.bfloat16)
        with torch.no_grad():
            _, state = module.extend(x, module.start(1, length, x[:, 0], mixer_case.context()), mixer_case.context())
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors(state) if t.numel()}
        wide = config.wide_state_bytes(site, length)
        assert wide + (config.state_bytes(site, length) - wide) // 2 == sum(storages.values()), length


def test_permuted_tokens_give_permuted_outputs(mixer_case) -> None:
    mixer_case.need(Capability.EQUIVARIANT)
    if mixer_case.site.causal or mixer_case.site.position.choice.name != "none":
        pytest.skip("promised for bidirectional mixers without a position")
    module, x = mixer_case.module(), mixer_case.tokens(2, mixer_case.lengths[-1])
    order = torch.randperm(x.shape[1], generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(
        forward(mixer_case, x[:, order], module), forward(mixer_case, x, module)[:, order], **CLOSE
    )


def test_no_length_is_too_long_unless_fixed(mixer_case) -> None:
    mixer_case.need_sequence()
    x = mixer_case.tokens(1, mixer_case.site.length + 3)
    if Capability.FIXED_LENGTH in mixer_case.config.choice.capabilities:
        with pytest.raises((RuntimeError, ValueError, IndexError)):
            forward(mixer_case, x)
    elif Capability.FIXED_LENGTH not in mixer_case.site.position.choice.capabilities:
        assert forward(mixer_case, x).isfinite().all()


def test_the_same_seed_builds_the_same_mixer(mixer_case) -> None:
    one, two = mixer_case.module().state_dict(), mixer_case.module().state_dict()
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_a_mixer_refuses_a_causal_stack_unless_it_claims_one(mixer_choice, places) -> None:
    site = replace(places.sites["causal"], position=places.default("position", "none"))
    refused = any("this stack is causal" in sentence for sentence in mixer_choice.config().problems(site))
    assert refused == (Capability.CAUSAL not in mixer_choice.capabilities)


def test_a_mixer_refuses_a_bidirectional_stack_unless_it_claims_one(mixer_choice, places) -> None:
    refused = any("stack is bidirectional" in s for s in mixer_choice.config().problems(places.sites["bidirectional"]))
    assert refused == (Capability.BIDIRECTIONAL not in mixer_choice.capabilities)


def test_a_mixer_refuses_a_position_that_acts_where_it_has_nothing(mixer_choice, places) -> None:
    for case in places.cases("position"):
        acts = {Capability.SCORE_BIAS, Capability.ROTARY, Capability.WEIGHTS} & case.config.choice.capabilities
        site = replace(case.site, position=case.config)
        sentences = [s for s in mixer_choice.config().problems(site) if s.startswith("position ") and "acts on" in s]
        assert len(sentences) == len(acts - mixer_choice.capabilities)

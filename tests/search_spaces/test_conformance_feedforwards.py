"""Every registered feed-forward keeps the contract of feed-forwards and each capability that it claims."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Capability
from paretoformer.search_spaces.registry import choice


def test_a_feedforward_stands_at_some_site(feedforward_choice, places) -> None:
    assert any(case.config.choice is feedforward_choice for case in places.cases("feedforward"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_outputs_have_the_shape_and_type_of_inputs_and_are_finite(feedforward_case, dtype) -> None:
    module = feedforward_case.module(dtype)
    for length in feedforward_case.lengths:
        x = feedforward_case.tokens(2, length, dtype)
        with torch.no_grad():
            y = module(x, feedforward_case.context())
        assert (y.shape, y.dtype) == (x.shape, dtype) and y.isfinite().all()


def test_a_token_local_feedforward_reads_the_token_alone(feedforward_case) -> None:
    feedforward_case.need(Capability.TOKEN_LOCAL)
    module, x = feedforward_case.module(), feedforward_case.tokens(2, feedforward_case.site.length)
    other = x.clone()
    other[:, 3] += 5 * x[:, 4]
    with torch.no_grad():
        one, two = module(x, feedforward_case.context()), module(other, feedforward_case.context())
    changed = ~torch.isclose(one, two, rtol=0, atol=1e-12).all(-1).all(0)
    assert changed.nonzero().flatten().tolist() == [3]


def test_padding_changes_no_valid_output(feedforward_case) -> None:
    feedforward_case.need_sequence()
    module, x, lengths = feedforward_case.module(), feedforward_case.tokens(3, 9), torch.tensor([9, 1, 4])
    valid = torch.arange(9) < lengths[:, None]
    other = torch.where(valid[..., None], x, 100 * x.flip(-1))
    context = feedforward_case.context(lengths=lengths)
    with torch.no_grad():
        torch.testing.assert_close(module(other, context)[valid], module(x, context)[valid], rtol=0, atol=1e-12)


def test_samples_of_a_batch_do_not_see_each_other(feedforward_case) -> None:
    module, x = feedforward_case.module(), feedforward_case.tokens(3, feedforward_case.site.length)
    with torch.no_grad():
        alone = torch.cat([module(sample, feedforward_case.context()) for sample in x.split(1)])
        torch.testing.assert_close(module(x, feedforward_case.context()), alone, rtol=1e-10, atol=1e-10)


def test_parameters_are_as_counted(feedforward_case) -> None:
    built = sum(parameter.numel() for parameter in feedforward_case.module().parameters())
    assert feedforward_case.config.parameters(feedforward_case.site) == built


def test_macs_are_as_counted(feedforward_case) -> None:
    feedforward_case.refuse(Capability.DATA_COST)
    module = feedforward_case.module()
    for length in feedforward_case.lengths:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(feedforward_case.tokens(1, length), feedforward_case.context())
        assert 2 * feedforward_case.config.macs(feedforward_case.site, length) == counter.get_total_flops(), length


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero(feedforward_case) -> None:
    feedforward_case.refuse(Capability.BY_CONVERSION)
    module = feedforward_case.module().train()
    x = feedforward_case.tokens(2, feedforward_case.site.length).requires_grad_()
    module(x, feedforward_case.context()).square().sum().backward()
    assert x.grad.isfinite().all()
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().max() > 0, name


def test_a_feedforward_refuses_a_causal_stack_unless_token_local(feedforward_choice, places) -> None:
    sentences = list(feedforward_choice.config().problems(places.sites["causal"]))
    refused = any("this stack is causal" in sentence for sentence in sentences)
    assert refused == (Capability.TOKEN_LOCAL not in feedforward_choice.capabilities)


def test_gelu_feedforward_is_its_formula(places) -> None:
    module = places.built(choice("feedforward", "gelu").config(), places.sites["bidirectional"]).double()
    x = places.normal(2, 5, 16)
    hidden = x @ module.up.weight.T + module.up.bias
    hidden = hidden * (1 + torch.erf(hidden / 2**0.5)) / 2
    torch.testing.assert_close(module(x, None), hidden @ module.down.weight.T + module.down.bias)


def test_swiglu_feedforward_is_its_formula(places) -> None:
    config, site, x = choice("feedforward", "swiglu").config(), places.sites["bidirectional"], places.normal(2, 5, 16)
    module = places.built(config, site).double()
    gate, up = module.up.weight[: config.hidden(site)], module.up.weight[config.hidden(site) :]
    gated = x @ gate.T
    expected = (gated * torch.sigmoid(gated) * (x @ up.T)) @ module.down.weight.T
    torch.testing.assert_close(module(x, None), expected)

"""Every registered norm keeps the contract of norms and each capability that it claims."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Capability
from paretoformer.search_spaces.registry import choice


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_outputs_have_the_shape_and_type_of_inputs_and_are_finite(norm_case, dtype) -> None:
    x = norm_case.tokens(2, norm_case.site.length, dtype)
    with torch.no_grad():
        y = norm_case.module(dtype)(x, norm_case.context())
    assert (y.shape, y.dtype) == (x.shape, dtype) and y.isfinite().all()


def test_a_norm_stands_at_some_site(norm_choice, places) -> None:
    assert any(case.config.choice is norm_choice for case in places.cases("norm"))


def test_a_norm_of_a_sum_is_the_sum_and_its_norm_bit_for_bit(norm_case) -> None:
    x = norm_case.tokens(2, norm_case.site.length, torch.float32)
    y, module, context = x.sin(), norm_case.module(torch.float32), norm_case.context()
    with torch.no_grad():
        normed, total = module.of_sum(x, y, context)
        assert torch.equal(total, x + y) and torch.equal(normed, module(x + y, context))


def test_a_token_of_zeros_gives_a_finite_output(norm_case) -> None:
    x = torch.zeros(1, norm_case.site.length, norm_case.site.width, dtype=torch.float64)
    with torch.no_grad():
        assert norm_case.module()(x, norm_case.context()).isfinite().all()


def test_a_token_local_norm_reads_the_token_alone(norm_case) -> None:
    norm_case.need(Capability.TOKEN_LOCAL)
    module, x = norm_case.module(), norm_case.tokens(2, norm_case.site.length)
    other = x.clone()
    other[:, 3] += 5 * x[:, 4]
    with torch.no_grad():
        changed = (module(x, norm_case.context()) != module(other, norm_case.context())).any(-1).any(0)
    assert changed.nonzero().flatten().tolist() == [3]


def test_a_norm_that_claims_nothing_mixes_tokens(norm_case) -> None:
    norm_case.refuse(Capability.TOKEN_LOCAL)
    module, x = norm_case.module(), norm_case.tokens(1, norm_case.site.length)
    other = x.clone()
    other[:, 3] += 5 * x[:, 4]
    with torch.no_grad():
        changed = (module(x, norm_case.context()) != module(other, norm_case.context())).any(-1).any(0)
    assert changed.sum() > 1


@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_no_valid_output(norm_case, training) -> None:
    norm_case.need_sequence()
    x, lengths = norm_case.tokens(3, 9), torch.tensor([9, 1, 4])
    valid = torch.arange(9) < lengths[:, None]
    other = torch.where(valid[..., None], x, 100 * x.flip(-1))
    with torch.no_grad():
        one = norm_case.module().train(training)(x, norm_case.context(lengths=lengths))
        two = norm_case.module().train(training)(other, norm_case.context(lengths=lengths))
    torch.testing.assert_close(two[valid], one[valid], rtol=0, atol=1e-12)


def test_samples_of_a_batch_do_not_see_each_other(norm_case) -> None:
    module, x = norm_case.module(), norm_case.tokens(3, norm_case.site.length)
    with torch.no_grad():
        alone = torch.cat([module(sample, norm_case.context()) for sample in x.split(1)])
        torch.testing.assert_close(module(x, norm_case.context()), alone, rtol=0, atol=1e-12)


def test_parameters_are_as_counted(norm_case) -> None:
    assert norm_case.config.parameters(norm_case.site) == sum(p.numel() for p in norm_case.module().parameters())


def test_macs_are_as_counted(norm_case) -> None:
    length = norm_case.site.length
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        norm_case.module()(norm_case.tokens(1, length), norm_case.context())
    assert 2 * norm_case.config.macs(norm_case.site, length) == counter.get_total_flops()


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero(norm_case) -> None:
    norm_case.refuse(Capability.BY_CONVERSION)
    module, x = norm_case.module().train(), norm_case.tokens(2, norm_case.site.length).requires_grad_()
    (module(x, norm_case.context()) * norm_case.tokens(2, norm_case.site.length).exp()).sum().backward()
    assert x.grad.isfinite().all()
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad.isfinite().all() and parameter.grad.abs().max() > 0, name


def test_a_norm_refuses_a_causal_stack_unless_token_local(norm_choice, places) -> None:
    refused = any("this stack is causal" in s for s in norm_choice.config().problems(places.sites["causal"]))
    assert refused == (Capability.TOKEN_LOCAL not in norm_choice.capabilities)


def test_layer_norm_is_its_formula(places) -> None:
    config, x = choice("norm", "layer").config(), places.normal(2, 5, 16)
    module = places.built(config, places.sites["bidirectional"]).double()
    scale, shift = module.norm.weight, module.norm.bias
    centred = x - x.mean(-1, keepdim=True)
    expected = centred / (centred.square().mean(-1, keepdim=True) + config.eps).sqrt() * scale + shift
    torch.testing.assert_close(module(x, None), expected)


def test_rms_norm_is_its_formula(places) -> None:
    config, x = choice("norm", "rms").config(), places.normal(2, 5, 16)
    module = places.built(config, places.sites["bidirectional"]).double()
    expected = x / (x.square().mean(-1, keepdim=True) + config.eps).sqrt() * module.norm.weight
    torch.testing.assert_close(module(x, None), expected)

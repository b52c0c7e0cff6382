"""The mixture of experts beside its definition, and what keeps the choice even."""

import pytest
import torch
from torch.nn.functional import gelu
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.search_spaces.contract import Context, Site, auxiliary_loss
from paretoformer.search_spaces.registry import choice

SITE = Site(width=8, length=12)


def config(**fields):
    return choice("feedforward", "moe").config(**{"experts": 4, "ratio": 2.0, **fields})


def mixture(places, **fields):
    return places.built(config(**fields), SITE).double()


def by_definition(module, x, active) -> torch.Tensor:
    """Every token, expert by expert."""
    shares, y = (x @ module.router.weight.T).softmax(-1), torch.zeros_like(x)
    for sample in range(x.shape[0]):
        for token in range(x.shape[1]):
            row = shares[sample, token]
            best = row.sort(descending=True).indices[:active]
            total = row[best].sum() if active > 1 else 1
            for expert in best:
                out = gelu(x[sample, token] @ module.up[expert]) @ module.down[expert]
                y[sample, token] += row[expert] / total * out
    return y


@pytest.mark.parametrize("active", [1, 2, 4])
def test_it_is_the_weighted_sum_of_the_experts_with_the_largest_shares(places, active) -> None:
    module, x = mixture(places, active=active).eval(), places.normal(2, 12, 8)
    torch.testing.assert_close(module(x, Context()), by_definition(module, x, active), rtol=0, atol=1e-10)


@pytest.mark.parametrize("length", [1, 5, 12])
@pytest.mark.parametrize("collapsed", [False, True])
def test_macs_are_as_counted_whatever_is_chosen(places, length, collapsed) -> None:
    module, x = mixture(places).eval(), places.normal(1, length, 8)
    if collapsed:
        with torch.no_grad():
            module.router.weight.zero_()
            x = x.abs()
            module.router.weight[0], module.router.weight[1] = 2, 1
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(x, Context())
    assert counter.get_total_flops() == 2 * config().macs(SITE, length)


def test_a_token_is_never_left_out_because_others_chose_as_it_did(places) -> None:
    module, x = mixture(places).eval(), places.normal(1, 1, 8).expand(1, 12, 8)
    y = module(x, Context())
    torch.testing.assert_close(y, y[:, :1].expand_as(y), rtol=0, atol=1e-12)
    assert y.abs().min() > 0


def loss_with(places, router, x, **facts) -> float:
    module = mixture(places, active=1).train()
    with torch.no_grad():
        module.router.weight.copy_(router)
    module(x, Context(**facts))
    return auxiliary_loss(module).item()


def test_the_loss_is_balance_where_the_choice_is_even_and_grows_to_experts_times_it(places) -> None:
    x = torch.eye(8, dtype=torch.float64)[None, :4] * 50  # token i has a one at channel i
    even = torch.eye(4, 8, dtype=torch.float64)
    collapsed = torch.zeros(4, 8, dtype=torch.float64)
    collapsed[2] = 1
    assert loss_with(places, even, x) == pytest.approx(0.01)
    assert loss_with(places, collapsed, x) == pytest.approx(0.04)


def test_the_loss_leaves_padding_out(places) -> None:
    router, x = places.normal(4, 8, seed=2), places.normal(1, 12, 8)
    alone = loss_with(places, router, x[:, :5])
    assert loss_with(places, router, x, lengths=torch.tensor([5])) == pytest.approx(alone, rel=1e-12)
    assert loss_with(places, router, x) != pytest.approx(alone, rel=1e-6)


def test_following_the_loss_makes_the_choice_even(places) -> None:
    module, x = mixture(places, active=1, balance=1.0).train(), places.normal(8, 12, 8) + 1
    with torch.no_grad():
        module.router.weight.zero_()[2] = 0.3  # almost every token chooses this one
    optimiser, losses = torch.optim.Adam(module.router.parameters(), lr=0.01), []
    for _ in range(100):
        module(x, Context())
        losses.append(auxiliary_loss(module))
        optimiser.zero_grad()
        losses[-1].backward()
        optimiser.step()
    assert losses[-1].item() < 1.1 and losses[0].item() > 2


def test_there_is_no_loss_in_evaluation(places) -> None:
    module = mixture(places).eval()
    module(places.normal(1, 12, 8), Context())
    assert auxiliary_loss(module) is None


def test_the_router_learns_from_the_task_even_where_one_expert_is_active(places) -> None:
    module = mixture(places, active=1, balance=0.0)
    module(places.normal(1, 12, 8), Context()).square().sum().backward()
    assert module.router.weight.grad.abs().max() > 0


def test_more_active_experts_than_there_are_is_refused() -> None:
    (sentence,) = config(active=5).problems(SITE)
    assert sentence == "feedforward moe has 4 experts, and 5 cannot be active; use at most 4"

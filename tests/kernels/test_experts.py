"""Rows through experts: both forms beside the definition, for every way to choose."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from paretoformer.kernels import dispatch, experts
from paretoformer.kernels.experts import by_blocks, in_turn, through_experts, through_experts_reference

WIDTH, HIDDEN = 3, 5
FORMS = [in_turn, by_blocks]


def operands(choice: list[int], experts: int):
    draw = torch.Generator().manual_seed(0)
    rows, up, down = (
        torch.randn(shape, generator=draw, dtype=torch.float64)
        for shape in ((len(choice), WIDTH), (experts, WIDTH, HIDDEN), (experts, HIDDEN, WIDTH))
    )
    return rows, torch.tensor(choice), up, down


@st.composite
def choices(draw) -> tuple[list[int], int]:
    experts = draw(st.integers(1, 6))
    return draw(st.lists(st.integers(0, experts - 1), min_size=1, max_size=60)), experts


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(drawn=choices())
def test_each_row_goes_through_its_own_expert(form, drawn) -> None:
    given_ = operands(*drawn)
    torch.testing.assert_close(form(*given_), through_experts_reference(*given_), rtol=0, atol=1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_those_of_the_definition(form) -> None:
    grads = []
    for function in (form, through_experts_reference):
        rows, chosen, up, down = operands([2, 0, 0, 2, 3, 0, 2], 4)
        leaves = [leaf.requires_grad_() for leaf in (rows, up, down)]
        function(rows, chosen, up, down).square().sum().backward()
        grads.append([leaf.grad for leaf in leaves])
    torch.testing.assert_close(grads[0], grads[1], rtol=0, atol=1e-10)


@pytest.mark.parametrize("choice", [[0] * 40, list(range(4)) * 10, [3] * 39 + [1]], ids=["one", "even", "uneven"])
def test_in_turn_the_products_are_counted_once_a_row(choice) -> None:
    given_ = operands(choice, 4)
    with FlopCounterMode(display=False) as counter:
        in_turn(*given_)
    assert counter.get_total_flops() == 2 * 40 * 2 * WIDTH * HIDDEN


def test_blocks_have_the_same_shapes_whatever_is_chosen() -> None:
    totals = set()
    for choice in ([0] * 40, list(range(4)) * 10, [3] * 39 + [1]):
        with FlopCounterMode(display=False) as counter:
            by_blocks(*operands(choice, 4))
        totals.add(counter.get_total_flops())
    (total,) = totals
    assert total <= 1.25 * 2 * 40 * 2 * WIDTH * HIDDEN


def test_blocks_need_no_values() -> None:
    with FakeTensorMode():
        rows, up, down = torch.ones(7, WIDTH), torch.ones(4, WIDTH, HIDDEN), torch.ones(4, HIDDEN, WIDTH)
        assert by_blocks(rows, torch.zeros(7, dtype=torch.long), up, down).shape == (7, WIDTH)


def test_an_exported_program_gives_the_same_for_another_choice() -> None:
    class Experts(torch.nn.Module):
        def forward(self, rows, chosen, up, down):
            return through_experts(rows, chosen, up, down)

    exported = torch.export.export(Experts(), operands([0, 1, 2, 3, 3, 3], 4)).module()
    other = operands([1, 1, 1, 1, 2, 1], 4)
    torch.testing.assert_close(exported(*other), through_experts_reference(*other), rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({0: torch.ones(4, WIDTH + 1)}, r"rows \(S, D\).*rows \(4, 4\) float32 cpu"),
        ({1: torch.zeros(5, dtype=torch.long)}, r"chosen \(5,\) int64"),
        ({1: torch.zeros(4)}, r"int64 for what is chosen.*chosen \(4,\) float32"),
        ({1: torch.zeros(4, dtype=torch.int32)}, r"chosen \(4,\) int32"),
        ({3: torch.ones(2, WIDTH, HIDDEN)}, r"down \(2, 3, 5\)"),
        ({2: torch.ones(0, WIDTH, HIDDEN), 3: torch.ones(0, HIDDEN, WIDTH)}, r"up \(0, 3, 5\)"),
        ({0: torch.ones(4, WIDTH).double()}, r"one floating-point dtype.*rows \(4, 3\) float64"),
        ({2: torch.ones(2, WIDTH, HIDDEN, device="meta")}, r"one device.*up \(2, 3, 5\) float32 meta"),
    ],
)
def test_operands_that_do_not_fit_are_refused_with_their_shapes(changed, said) -> None:
    fitting = [
        torch.ones(4, WIDTH),
        torch.zeros(4, dtype=torch.long),
        torch.ones(2, WIDTH, HIDDEN),
        torch.ones(2, HIDDEN, WIDTH),
    ]
    with pytest.raises(ValueError, match=said):
        through_experts(*[changed.get(place, each) for place, each in enumerate(fitting)])


def test_no_rows_give_no_rows() -> None:
    given_ = operands([], 3)
    assert through_experts(given_[0], given_[1].long(), *given_[2:]).shape == (0, WIDTH)


def test_the_definition_can_be_forced(monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "FORCED", True)
    monkeypatch.setattr(experts, "in_turn", lambda *_: pytest.fail("taken"))
    given_ = operands([0, 1], 2)
    torch.testing.assert_close(through_experts(*given_), through_experts_reference(*given_), rtol=0, atol=0)

"""The Omega rule by chunks is its recurrence token by token."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import logsigmoid

from paretoformer.kernels import dispatch
from paretoformer.kernels.omega_memory import MemoryState, OmegaRule, Tokens, omega_memory, omega_memory_reference
from paretoformer.kernels.omega_memory.networks import MEMORIES, NeuralMemory
from paretoformer.kernels.omega_memory.scan import decays, scanned

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
WIDTH = 3
RULE = OmegaRule(window=3, chunk=4, inner="muon")


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def features(x: Tensor) -> Tensor:
    """Of degrees 0 to 2."""
    return torch.cat((torch.ones_like(x[..., :1]), x, x.square() / 2**0.5), -1)


def network_of(memory: str) -> NeuralMemory:
    return MEMORIES[memory](WIDTH, 5, 2 * WIDTH + 1)


def tokens_of(length: int, rule: OmegaRule, dtype: torch.dtype = torch.float64) -> Tokens:
    gates = normal(2, 2, length, 3 + rule.window, seed=4, dtype=dtype)
    return Tokens(
        q=normal(2, 2, length, 2, WIDTH, seed=1, dtype=dtype),
        k=normal(2, 2, length, WIDTH, seed=2, dtype=dtype),
        v=normal(2, 2, length, WIDTH, seed=3, dtype=dtype),
        retention=logsigmoid(gates[..., 0]),
        step=gates[..., 1].sigmoid() / (4 * rule.chunk * rule.window),
        momentum=None if rule.inner == "gradient" else logsigmoid(gates[..., 2]),
        gamma=gates[..., 3:].sigmoid(),
    )


def state_of(network: NeuralMemory, rule: OmegaRule, dtype: torch.dtype = torch.float64) -> MemoryState:
    weights = tuple(normal(2, 2, *shape, seed=5 + i, dtype=dtype) / 2 for i, shape in enumerate(network.shapes))
    momentum = () if rule.inner == "gradient" else tuple(torch.zeros_like(weight) for weight in weights)
    nothing = torch.zeros(2, 2, rule.window - 1, WIDTH, dtype=dtype)
    return MemoryState(weights, weights, momentum, nothing, nothing)


def part(tokens: Tokens, start: int, end: int) -> Tokens:
    return Tokens(*(None if field is None else field[:, :, start:end] for field in vars(tokens).values()))


def assert_same(found: MemoryState, expected: MemoryState) -> None:
    assert found.seen == expected.seen
    for name in ("weights", "base", "momentum"):
        for one, other in zip(getattr(found, name), getattr(expected, name), strict=True):
            torch.testing.assert_close(one, other, **CLOSE)
    torch.testing.assert_close((found.k, found.v), (expected.k, expected.v), rtol=0, atol=0)


@settings(deadline=None, max_examples=40)
@given(
    memory=st.sampled_from(sorted(MEMORIES)),
    inner=st.sampled_from(("muon", "momentum", "gradient")),
    window=st.integers(1, 6),
    chunk=st.integers(1, 5),
    length=st.integers(1, 12),
    before=st.booleans(),
)
def test_chunks_are_the_recurrence(memory, inner, window, chunk, length, before) -> None:
    rule = OmegaRule(window=window, chunk=chunk, inner=inner, reads_before=before)
    network, tokens = network_of(memory), tokens_of(length, rule)
    state = state_of(network, rule)
    found, after = omega_memory(network, features, rule, tokens, state)
    expected, expected_after = omega_memory_reference(network, features, rule, tokens, state)
    torch.testing.assert_close(found, expected, **CLOSE)
    assert_same(after, expected_after)


@pytest.mark.parametrize("cuts", [(1, 2, 3), (5,), (4, 8), (11,)])
def test_a_state_stands_for_the_tokens_before(cuts) -> None:
    network, tokens = network_of("mlp"), tokens_of(12, RULE)
    state, edges, parts = state_of(network, RULE), (0, *cuts, 12), []
    expected, expected_after = omega_memory(network, features, RULE, tokens, state)
    for start, end in zip(edges, edges[1:], strict=False):
        y, state = omega_memory(network, features, RULE, part(tokens, start, end), state)
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts, 2), expected, **CLOSE)
    assert_same(state, expected_after)


@pytest.mark.parametrize("inner", ["muon", "momentum", "gradient"])
def test_gradients_are_those_of_the_recurrence(inner) -> None:
    rule, gradients = replace(RULE, inner=inner), []
    network = network_of("gated")
    for way in (omega_memory, omega_memory_reference):
        tokens, state = tokens_of(7, rule), state_of(network, rule)
        wanted = [x.detach().requires_grad_() for x in (*vars(tokens).values(), *state.weights) if x is not None]
        count = len(wanted) - len(state.weights)
        left = iter(wanted[:count])
        tokens = Tokens(*(None if field is None else next(left) for field in vars(tokens).values()))
        weights = tuple(wanted[count:])
        y, after = way(network, features, rule, tokens, replace(state, weights=weights, base=weights))
        loss = y.sin().sum() + sum(weight.sin().sum() for weight in after.weights)
        gradients.append(torch.autograd.grad(loss, wanted))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


def test_single_precision_stays_near_double() -> None:
    network = network_of("mlp")
    exact, _ = omega_memory_reference(network, features, RULE, tokens_of(40, RULE), state_of(network, RULE))
    given = tokens_of(40, RULE, torch.float32), state_of(network, RULE, torch.float32)
    found, _ = omega_memory(network, features, RULE, *given)
    assert found.dtype == torch.float32 and (found - exact).norm() < 1e-4 * exact.norm()


def test_a_later_token_changes_nothing_before() -> None:
    network, tokens = network_of("mlp"), tokens_of(12, RULE)
    changed = Tokens(*(torch.cat((field[:, :, :9], -field[:, :, 9:].abs()), 2) for field in vars(tokens).values()))
    found = [omega_memory(network, features, RULE, given, state_of(network, RULE))[0] for given in (tokens, changed)]
    torch.testing.assert_close(found[0][:, :, :9], found[1][:, :, :9], **CLOSE)
    assert not torch.allclose(found[0][:, :, 9:], found[1][:, :, 9:])


def test_operands_that_are_not_contiguous_give_the_same() -> None:
    network, tokens = network_of("mlp"), tokens_of(12, RULE)
    turned = Tokens(*(field.transpose(1, 2).contiguous().transpose(1, 2) for field in vars(tokens).values()))
    found = [omega_memory(network, features, RULE, given, state_of(network, RULE))[0] for given in (tokens, turned)]
    torch.testing.assert_close(found[0], found[1], **CLOSE)


def test_the_definition_can_be_forced(monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "FORCED", True)
    dispatch.forget_paths()
    network = network_of("linear")
    omega_memory(network, features, RULE, tokens_of(3, RULE), state_of(network, RULE))
    assert dispatch.paths_taken() == {"omega_memory": ("reference",)}


@pytest.mark.parametrize(
    ("field", "rows", "sentence"),
    [
        ("v", 11, r"k and v \(B, H, T, d\).* v \(2, 2, 11, 3\)"),
        ("gamma", 11, r"gamma \(B, H, T, 3\).*gamma \(2, 2, 11, 3\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(field, rows, sentence) -> None:
    network, tokens = network_of("linear"), tokens_of(12, RULE)
    wrong = replace(tokens, **{field: getattr(tokens, field)[:, :, :rows]})
    with pytest.raises(ValueError, match=sentence):
        omega_memory(network, features, RULE, wrong, state_of(network, RULE))


def test_a_state_of_another_window_is_refused() -> None:
    network = network_of("linear")
    with pytest.raises(ValueError, match=r"holds 2 keys, got k \(2, 2, 12, 3\).*kept \(2, 2, 3, 3\)"):
        omega_memory(network, features, RULE, tokens_of(12, RULE), state_of(network, replace(RULE, window=4)))


def test_a_scan_is_its_recurrence() -> None:
    added, scale, logarithms, before = normal(2, 5, 3, 4), normal(2, 5), -normal(2, 5).abs(), normal(2, 3, 4, seed=1)
    found, s = scanned(added, scale, logarithms, before), before
    for t in range(5):
        s = logarithms[:, t, None, None].exp() * s + scale[:, t, None, None] * added[:, t]
        torch.testing.assert_close(found[:, t], s, **CLOSE)


def test_nothing_is_left_of_what_comes_later_even_where_all_is_forgotten() -> None:
    shares, kept = decays(torch.full((4,), -1e4))
    assert torch.equal(shares, torch.eye(4)) and not kept.any()

"""The memory with features of all degrees against attention, and against explicit features of many degrees."""

from dataclasses import replace
from math import factorial

import pytest
import torch
from torch import Tensor

from paretoformer.kernels.omega_memory.networks import LinearMemory, MlpMemory
from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.deep_transformer import DeepTransformer, DeepTransformerConfig
from paretoformer.search_spaces.parts.polynomial import PolynomialFeatures

SITE = Site(width=8, length=40, causal=True)
SMALL = DeepTransformerConfig(heads=4, chunk=3, expansion=2, conv=2)
DEGREE = 20
"""Of features whose product is exp(q . k) for vectors of length 1, to 1e-19."""


def module_of(places, config: DeepTransformerConfig) -> DeepTransformer:
    return places.built(config, replace(SITE, position=places.default("position", "none"))).double().eval()


def memories(module: DeepTransformer, x: Tensor) -> Tensor:
    """What the module has before norm, gate and projection, (H, N, d)."""
    found: list[Tensor] = []
    hook = module.norm.register_forward_pre_hook(lambda _, given: found.append(given[0]))
    module(x, Context(causal=True))
    hook.remove()
    return found[0][0]


def given(module: DeepTransformer, x: Tensor):
    """Queries, keys and values (H, N, d), retention (H, N), gamma (H, N, window) as used."""
    projected, _ = module.projected(x, module.convolution.start(1, x))
    retention, gamma = module._gates(projected.gates)
    q = projected.q[0].transpose(1, 2).flatten(0, 1)
    return q, projected.k[0], projected.v[0], retention[0].exp(), gamma[0]


@pytest.mark.parametrize("normalised", [True, False])
def test_open_gates_and_a_linear_memory_give_attention_with_or_without_its_divisor(places, normalised) -> None:
    module = module_of(places, replace(SMALL, memory="linear", normalised=normalised))
    x = places.normal(1, 17, 8)
    with torch.no_grad():
        module.gates.weight.zero_()
        module.gates.bias.fill_(1e3)
        q, k, v, _, _ = given(module, x)
        scores = (q @ k.mT).masked_fill(torch.ones(17, 17).triu(1).bool(), -torch.inf)
        weights = scores.softmax(-1) if normalised else scores.exp()
        torch.testing.assert_close(memories(module, x), weights @ v, rtol=0, atol=1e-10)


@pytest.mark.parametrize("window", [1, 4])
def test_gates_weigh_exponentials_by_window_and_decay(places, window) -> None:
    module = module_of(places, replace(SMALL, memory="linear", window=window, normalised=True))
    x = places.normal(1, 17, 8)
    with torch.no_grad():
        q, k, v, retention, gamma = given(module, x)
        weights, ys = torch.zeros(4, 17, dtype=torch.float64), []
        for t in range(17):
            weights = weights * retention[:, t, None]
            for i in range(max(0, t - window + 1), t + 1):
                weights[:, i] += gamma[:, t, window - 1 - (t - i)]
            one = weights * (k @ q[:, t, :, None])[..., 0].exp()
            ys.append((one[..., None] * v).sum(1) / one.sum(1, keepdim=True))
        torch.testing.assert_close(memories(module, x), torch.stack(ys, 1), rtol=0, atol=1e-10)


def recurrence(module: DeepTransformer, x: Tensor) -> Tensor:
    """Outputs (H, N, d) with all weights there, on features of many degrees, and gradients by autograd."""
    config, width = module.config, module.head_width
    features = PolynomialFeatures("polynomial", DEGREE, width).double()
    features.coefficients.data = torch.tensor([factorial(i) ** -0.5 for i in range(DEGREE + 1)], dtype=torch.float64)
    q, k, v, retention, gamma = given(module, x)
    count = features(k[:1, 0]).shape[-1]
    network = (MlpMemory if module.deep else LinearMemory)(width, config.hidden(width), count)
    if module.deep and config.rule == "hebbian":
        v = torch.nn.functional.normalize(v, dim=-1)
    heads = []
    for head in range(config.heads):
        initial = [torch.zeros(shape, dtype=torch.float64) for shape in network.shapes]
        if module.deep:
            initial[0] = module.initial_first[head]
            initial[1][:, 1 : width + 1] = module.initial_second[head]  # features of degree 1
        gained, ys = [torch.zeros_like(weight) for weight in initial], []
        for t in range(x.shape[1]):
            if t % config.chunk == 0:
                frozen = [(one + more).detach() for one, more in zip(initial, gained, strict=True)]
            learned = [weight.clone().requires_grad_() for weight in frozen]
            gain = torch.zeros((), dtype=torch.float64)
            for i in range(max(0, t - config.window + 1), t + 1):
                found = network.read(tuple(learned), features(k[head, i]), k[head, i])
                own = (found * v[head, i]).sum() if config.rule == "hebbian" else -(found - v[head, i]).square().sum()
                gain = gain + gamma[head, t, config.window - 1 - (t - i)] * own
            steps = torch.autograd.grad(gain, learned)
            gained = [retention[head, t] * before + step for before, step in zip(gained, steps, strict=True)]
            now = tuple(one + more for one, more in zip(initial, gained, strict=True))
            ys.append(network.read(now, features(q[head, t]), q[head, t]))
        heads.append(torch.stack(ys))
    return torch.stack(heads).detach()


@pytest.mark.parametrize("memory", ["mlp", "linear"])
@pytest.mark.parametrize("rule", ["hebbian", "omega"])
@pytest.mark.parametrize(("window", "chunk"), [(1, 1), (1, 4), (3, 1), (6, 4)])
def test_it_is_the_recurrence_on_explicit_features(places, memory, rule, window, chunk) -> None:
    module = module_of(places, replace(SMALL, memory=memory, rule=rule, window=window, chunk=chunk))
    with torch.no_grad():
        gates = module.gates.bias.view(4, -1)
        gates[:, :-1], gates[:, -1] = 2.0, -0.5  # memory that shows in the outputs
    x = places.normal(1, 13, 8)
    expected = recurrence(module, x)
    with torch.no_grad():
        torch.testing.assert_close(memories(module, x), expected, rtol=1e-10, atol=1e-10)


def test_a_linear_hebbian_memory_has_no_chunks(places) -> None:
    one = replace(SMALL, memory="linear", window=3)
    assert one.canonical() == replace(one, chunk=7, expansion=3).canonical()
    x = places.normal(1, 17, 8)
    with torch.no_grad():
        outputs = [memories(module_of(places, replace(one, chunk=chunk)), x) for chunk in (1, 7, 32)]
    for other in outputs[1:]:
        torch.testing.assert_close(other, outputs[0], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("rule", ["hebbian", "omega"])
@pytest.mark.parametrize("memory", ["mlp", "linear"])
def test_a_thousand_equal_tokens_do_not_make_it_diverge(places, memory, rule) -> None:
    module = module_of(places, replace(SMALL, memory=memory, rule=rule, window=4, chunk=16)).float()
    with torch.no_grad():
        module.gates.bias += 4.0  # gates wide open
        found = memories(module, 10 * places.normal(1, 1, 8).float().expand(1, 1_000, 8))
    bound = 1e6 if (memory, rule) == ("linear", "hebbian") else 1e3  # that one is a sum over all tokens
    assert found.abs().max() < bound


def test_more_tokens_than_there_is_room_for_are_kept_too(places) -> None:
    module, x = module_of(places, replace(SMALL, window=4)), places.normal(2, 17, 8)
    with torch.no_grad():
        state, outputs = module.start(2, 5, x[:, 0], Context(causal=True)), []
        for piece in x.split([4, 1, 1, 8, 3], 1):
            y, state = module.extend(piece, state, Context(causal=True))
            outputs.append(y)
        whole = module(x, Context(causal=True))
    torch.testing.assert_close(torch.cat(outputs, 1), whole, rtol=1e-10, atol=1e-10)


def test_a_window_longer_than_the_sequence_is_refused() -> None:
    sentences = list(DeepTransformerConfig(window=41).problems(SITE))
    assert sentences == [
        "mixer deep-transformer has a window of 41 tokens, and this stack has a causal sequence of up to 40 tokens; use at most 40"
    ]

"""The Omega rule against the recurrence that it is, step by step with autograd."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from paretoformer.kernels.newton_schulz import newton_schulz
from paretoformer.kernels.omega_memory import Tokens, omega_memory
from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.omega import Omega, OmegaConfig

SITE = Site(width=8, length=40, causal=True)
SMALL = OmegaConfig(heads=2, window=3, chunk=1, expansion=2, conv=2)


def module_of(places, config: OmegaConfig) -> Omega:
    return places.built(config, replace(SITE, position=places.default("position", "none"))).double().eval()


def tokens_of(module: Omega, x: Tensor) -> Tokens:
    """What the memories are given of x: (1, N, D)."""
    return module._tokens(module.projected(x, module.convolution.start(1, x))[0])


@dataclass
class Memory:
    """The weights of one memory, and their momentum."""

    weights: list[Tensor]
    momentum: list[Tensor]


def gradient_of(module: Omega, weights: list[Tensor], tokens: Tokens, head: int, token: int) -> list[Tensor]:
    """By autograd, of the loss over the window of `token`, at `weights`."""
    learned = [weight.detach().clone().requires_grad_() for weight in weights]
    loss = torch.zeros((), dtype=torch.float64)
    window = module.config.window
    for i in range(max(0, token - window + 1), token + 1):
        k, v = tokens.k[0, head, i], tokens.v[0, head, i]
        error = module.network.read(tuple(learned), module.features(k), k) - v
        loss = loss + tokens.gamma[0, head, token, window - 1 - (token - i)] * error.square().sum()
    return list(torch.autograd.grad(loss, learned))


def recurrence(module: Omega, x: Tensor) -> Tensor:
    """Outputs of the memories (heads, N, d) before norm, gate and projection; gradients at the chunk's first weights."""
    config = module.config
    tokens = tokens_of(module, x)
    outputs = []
    for head in range(module.kv_heads):
        memory = Memory([w[head].clone() for w in module.initial], [torch.zeros_like(w[head]) for w in module.initial])
        frozen, ys = memory.weights, []
        for token in range(x.shape[1]):
            frozen = memory.weights if token % config.chunk == 0 else frozen
            before = memory.weights
            step, kept = tokens.step[0, head, token], tokens.retention[0, head, token].exp()
            gradients = gradient_of(module, frozen, tokens, head, token)
            if config.inner == "gradient":
                changes = [step * gradient for gradient in gradients]
            else:
                carried = tokens.momentum[0, head, token].exp()
                scale = step if config.inner == "momentum" else 1.0
                memory.momentum = [carried * s + scale * g for s, g in zip(memory.momentum, gradients, strict=True)]
                changes = memory.momentum
                if config.inner == "muon":
                    changes = [step * newton_schulz(s, config.steps) for s in memory.momentum]
            memory.weights = [kept * w - change for w, change in zip(before, changes, strict=True)]
            read = memory.weights if config.read == "post" else before
            q = tokens.q[0, head, token]  # (G, d)
            ys.append(module.network.read(tuple(read), module.features(q), q))
        outputs.append(torch.stack(ys, 1))  # (G, N, d)
    return torch.cat(outputs)


def memories(module: Omega, x: Tensor) -> Tensor:
    """What the module has before norm, gate and projection."""
    found: list[Tensor] = []
    hook = module.norm.register_forward_pre_hook(lambda _, given: found.append(given[0]))
    module(x, Context(causal=True))
    hook.remove()
    return found[0][0]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"chunk": 4},
        {"inner": "gradient"},
        {"inner": "momentum", "chunk": 3},
        {"memory": "linear", "inner": "gradient", "chunk": 5},
        {"memory": "linear", "features": "identity", "inner": "momentum"},
        {"memory": "gated", "chunk": 3},
        {"memory": "gated", "inner": "gradient", "features": "homogeneous"},
        {"kv_heads": 1, "chunk": 4},
        {"read": "pre", "chunk": 3},
        {"window": 1, "inner": "momentum"},
        {"window": 9, "chunk": 4},
    ],
    ids=str,
)
def test_it_is_the_recurrence_with_gradients_by_autograd(places, fields) -> None:
    module, x = module_of(places, replace(SMALL, **fields)), places.normal(1, 11, 8)
    with torch.no_grad():
        found = memories(module, x)
    with torch.enable_grad():
        expected = recurrence(module, x).detach()
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_one_token_without_muon_is_the_gated_delta_rule(places) -> None:
    config = replace(SMALL, window=1, inner="gradient", memory="linear", features="identity")
    module, x = module_of(places, config), places.normal(1, 11, 8)
    with torch.no_grad():
        tokens = tokens_of(module, x)
        weights, ys = module.initial[0].clone(), []  # (H, d, d)
        for t in range(11):
            q, k, v = tokens.q[0, :, t, 0, :, None], tokens.k[0, :, t, :, None], tokens.v[0, :, t, :, None]
            strength = (2 * tokens.step[0, :, t] * tokens.gamma[0, :, t, 0])[:, None, None]
            kept = tokens.retention[0, :, t].exp()[:, None, None] * torch.eye(4)
            weights = weights @ (kept - strength * k @ k.mT) + strength * v @ k.mT
            ys.append((weights @ q)[..., 0])
        torch.testing.assert_close(memories(module, x), torch.stack(ys, 1), rtol=0, atol=1e-10)


def test_momentum_that_is_not_carried_is_none(places) -> None:
    module = module_of(places, replace(SMALL, inner="momentum"))
    plain = module_of(places, replace(SMALL, inner="gradient"))
    x = places.normal(1, 11, 8)
    with torch.no_grad():
        gates, window = module.config.gates, module.config.window
        for name in ("weight", "bias"):
            given, taken = getattr(module.gates, name), getattr(plain.gates, name)
            taken.copy_(given.unflatten(0, (2, gates))[:, : window + 2].flatten(0, 1))
            given.unflatten(0, (2, gates))[:, window + 2] = -1e3 if name == "bias" else 0.0
        weights = {name: value for name, value in module.state_dict().items() if not name.startswith("gates")}
        plain.load_state_dict(weights, strict=False)
        torch.testing.assert_close(module(x, Context(causal=True)), plain(x, Context(causal=True)), rtol=0, atol=1e-10)


def test_a_window_that_weighs_its_own_token_alone_is_a_window_of_one(places) -> None:
    wide, narrow = module_of(places, SMALL), module_of(places, replace(SMALL, window=1))
    x = places.normal(1, 11, 8)
    with torch.no_grad():
        gates = wide.config.gates
        for name in ("weight", "bias"):
            given, taken = getattr(wide.gates, name), getattr(narrow.gates, name)
            taken.copy_(given.unflatten(0, (2, gates))[:, 2:].flatten(0, 1))
            given.unflatten(0, (2, gates))[:, :2] = -1e3 if name == "bias" else 0.0
        weights = {name: value for name, value in wide.state_dict().items() if not name.startswith("gates")}
        narrow.load_state_dict(weights, strict=False)
        torch.testing.assert_close(wide(x, Context(causal=True)), narrow(x, Context(causal=True)), rtol=0, atol=1e-10)


def test_a_memory_that_keeps_all_and_takes_no_step_is_one_network_for_all_tokens(places) -> None:
    module, x = module_of(places, SMALL), places.normal(1, 11, 8)
    with torch.no_grad():
        gates = module.gates.bias.view(2, -1)
        module.gates.weight.zero_()
        gates[:, 3], gates[:, 4] = 1e3, -1e3
        tokens = tokens_of(module, x)
        q = tokens.q[0, :, :, 0]
        expected = module.network.read(tuple(module.initial), module.features(q), q)
        torch.testing.assert_close(memories(module, x), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("inner", "shift"), [("muon", 0.0), ("momentum", 4.0), ("gradient", 4.0)])
@pytest.mark.parametrize("memory", ["linear", "mlp", "gated"])
def test_a_thousand_equal_tokens_do_not_make_it_diverge(places, memory, inner, shift) -> None:
    module = module_of(places, OmegaConfig(heads=2, memory=memory, inner=inner, expansion=2, window=4, chunk=8)).float()
    with torch.no_grad():
        module.gates.bias += shift  # at 4 every gate is wide open
        found = memories(module, places.normal(1, 1, 8).float().expand(1, 1_000, 8))
    assert found.abs().max() < 20


def test_a_wider_window_and_more_features_store_pairs_with_less_error(places) -> None:
    """Random pairs are stored one after the other, and read when all are there."""

    def error(window: int, features: str, seed: int) -> float:
        config = OmegaConfig(
            heads=1, window=window, chunk=1, memory="linear", features=features, inner="gradient", read="post"
        )
        module = places.built(config, Site(width=16, length=64, causal=True)).double().eval()
        k = torch.nn.functional.normalize(places.normal(1, 1, 64, 16, seed=seed), dim=-1)
        v = places.normal(1, 1, 64, 16, seed=seed + 100).sign()
        state = module.start(1, 64, k[0, 0], Context(causal=True)).memory
        state = replace(state, weights=tuple(weight * 0 for weight in state.weights))
        for t in range(64):
            seen = module.features(k[0, 0, max(0, t - window + 1) : t + 1])
            step = 0.5 / torch.linalg.eigvalsh(seen @ seen.mT)[-1]
            one = k[:, :, t : t + 1]
            ones = torch.ones(1, 1, 1, dtype=torch.float64)
            gamma = torch.ones(1, 1, 1, window, dtype=torch.float64)
            tokens = Tokens(one[:, :, :, None], one, v[:, :, t : t + 1], 0 * ones, step * ones, None, gamma)
            _, state = omega_memory(module.network, module.features, config.rule, tokens, state)
        return float((module.network.read(state.weights, module.features(k), k) - v).square().mean())

    with torch.no_grad():
        errors = {
            features: [sum(error(window, features, seed) for seed in range(3)) for window in (1, 8, 32)]
            for features in ("identity", "polynomial")
        }
    for found in errors.values():
        assert found[0] > found[1] > found[2]
    assert all(many < few for many, few in zip(errors["polynomial"], errors["identity"], strict=True))


def test_cost_is_linear_in_length() -> None:
    config, site = OmegaConfig(), Site(width=64, length=4_096, causal=True)
    assert config.macs(site, 4_096) == 4 * config.macs(site, 1_024)
    assert config.state_bytes(site, 4_096) == config.state_bytes(site, 1_024)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"window": 41},
            "mixer omega has a window of 41 tokens, and this stack has a causal sequence of up to 40 tokens",
        ),
        ({"chunk": 64}, "mixer omega has a chunk of 64 tokens"),
        ({"conv": 50}, "mixer omega has a conv of 50 tokens"),
        (
            {"degree": 40, "heads": 1},
            "for 377,348,994 features of the 8 channels of a head; at most 1,048,576",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_both_sides(fields, sentence) -> None:
    assert any(sentence in found for found in OmegaConfig(**fields).problems(SITE))


def test_fields_that_nothing_reads_are_written_at_their_default() -> None:
    config = OmegaConfig(memory="linear", features="identity", inner="gradient")
    assert replace(config, degree=3, expansion=2, steps=2).canonical() == config


def test_no_tensor_grows_faster_than_the_sequence(places, largest_tensor) -> None:
    module = places.built(SMALL, replace(SITE, length=600))
    sizes = [
        largest_tensor(lambda n=n: module(places.normal(1, n, 8).float(), Context(causal=True))) for n in (300, 600)
    ]
    assert sizes[1] <= 2 * sizes[0]

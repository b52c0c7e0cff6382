"""The plain formula of each choice on its own weights, as one writes it first; what choices_speed.py times choices beside."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import (
    avg_pool2d,
    batch_norm,
    elu,
    gelu,
    group_norm,
    layer_norm,
    linear,
    normalize,
    pad,
    relu,
    rms_norm,
    scaled_dot_product_attention,
    silu,
)

from paretoformer.kernels.newton_schulz import newton_schulz
from paretoformer.search_spaces.contract import Site

HEADS = 4


def heads(layer: Any, x: Tensor, parts: int = 3) -> tuple[Tensor, ...]:
    """Queries, keys, values of one layer, (B, H, N, d) each."""
    return tuple(part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in layer(x).chunk(parts, -1))


def merged(layer: Any, y: Tensor) -> Tensor:
    """(B, H, N, d) -> (B, N, D)."""
    found: Tensor = layer(y.transpose(1, 2).flatten(2))
    return found


def by_features(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q (k^T v) / q (k^T 1)."""
    return q @ (k.mT @ v) / (q @ k.sum(2)[..., None]).clamp_min(1e-6)


def block(m: Any, x: Tensor, site: Site) -> Tensor:
    """Softmax attention inside blocks, and inside what is left of a block at the end."""
    q, k, v = heads(m.qkv, x)
    whole = site.length // m.size * m.size
    first_q, first_k, first_v = (part[:, :, :whole].unflatten(2, (-1, m.size)) for part in (q, k, v))
    y = scaled_dot_product_attention(first_q, first_k, first_v).flatten(2, 3)
    if whole < site.length:
        rest = scaled_dot_product_attention(q[:, :, whole:], k[:, :, whole:], v[:, :, whole:])
        y = torch.cat((y, rest), 2)
    return merged(m.out, y)


def sparse(m: Any, x: Tensor, site: Site) -> Tensor:
    """Softmax attention under the whole mask: half of the heads their block, half the last tokens of every block."""
    q, k, v = heads(m.qkv, x)
    places = torch.arange(site.length)
    near = places[:, None] // m.stride == places // m.stride
    far = (places % m.stride >= m.summaries[0]).expand_as(near)
    mask = torch.stack((near, near, far, far))
    return merged(m.out, scaled_dot_product_attention(q, k, v, attn_mask=mask))


def linformer(m: Any, x: Tensor, site: Site) -> Tensor:
    """Softmax attention to mixtures of keys and values."""
    q, k, v = heads(m.qkv, x)
    return merged(m.out, scaled_dot_product_attention(q, m.mix[0] @ k, m.mix[1] @ v))


def nystrom(m: Any, x: Tensor, site: Site) -> Tensor:
    """Three softmaxes, the middle one inverted, and the convolution of values."""
    q, k, v = heads(m.qkv, x)
    root = m.head_width**0.5
    few_q, few_k = (part.unflatten(2, (m.landmarks, -1)).mean(3) for part in (q, k))
    first, among, last = ((a @ b.mT / root).softmax(-1) for a, b in ((q, few_k), (few_q, few_k), (few_q, k)))
    eye = torch.eye(m.landmarks)
    z = among.mT / (among.sum(-1).amax(-1) * among.sum(-2).amax(-1))[..., None, None]
    for _ in range(m.iterations):
        az = among @ z
        z = 0.25 * z @ (13 * eye - az @ (15 * eye - az @ (7 * eye - az)))
    return merged(m.out, first @ z @ (last @ v) + m.near(v))


def performer(m: Any, x: Tensor, site: Site) -> Tensor:
    """Positive random features."""
    q, k, v = heads(m.qkv, x)
    q, k = q * m.head_width**-0.25, k * m.head_width**-0.25
    q, k = (part @ m.drawn.rows.mT - part.square().sum(-1, keepdim=True) / 2 for part in (q, k))
    return merged(m.out, by_features((q - q.amax(-1, keepdim=True)).exp() + 1e-4, k.exp() + 1e-4, v))


def linear_attention(m: Any, x: Tensor, site: Site) -> Tensor:
    """Features elu + 1."""
    q, k, v = heads(m.qkv, x)
    return merged(m.out, by_features(elu(q) + 1, elu(k) + 1, v))


def cosformer(m: Any, x: Tensor, site: Site) -> Tensor:
    """Features relu times sine and cosine of the place."""
    q, k, v = heads(m.qkv, x)
    angles = torch.arange(site.length)[:, None] * (math.pi / (2 * site.length))
    q, k = (torch.cat((relu(part) * angles.sin(), relu(part) * angles.cos()), -1) for part in (q, k))
    return merged(m.out, by_features(q, k, v))


def sla(m: Any, x: Tensor, site: Site) -> Tensor:
    """Features relu, and the convolution of values."""
    q, k, v = heads(m.qkv, x)
    near = m.near(v.flatten(0, 1).mT).mT.unflatten(0, v.shape[:2])
    return merged(m.out, by_features(relu(q), relu(k), v) + near)


def ecoformer(m: Any, x: Tensor, site: Site) -> Tensor:
    """Codes of learned bits, and their affine weights."""
    (u,), (v,) = heads(m.qk, x, 1), heads(m.v, x, 1)
    u = normalize(u, dim=-1)
    distances = u.square().sum(-1, keepdim=True) + m.hash.anchors.square().sum(-1)[:, None] - 2 * u @ m.hash.anchors.mT
    near = (-distances / (2 * distances.mean((2, 3), keepdim=True))).exp()
    y = (near - m.hash.centre[:, None]) @ m.hash.combinations.mT
    soft = y.clamp(-1, 1)
    h = torch.where(y >= 0, 1.0, -1.0) + soft - soft.detach()
    beta = m.config.offset
    total = h @ (h.mT @ v) + beta * v.sum(2, keepdim=True)
    return merged(m.out, total / (h @ h.sum(2)[..., None] + beta * site.length))


def synthesizer(m: Any, x: Tensor, site: Site) -> Tensor:
    """A learned table of low rank instead of scores."""
    (v,) = heads(m.value, x, 1)
    return merged(m.out, (m.rows @ m.columns).softmax(-1) @ v)


def sinkhorn(m: Any, x: Tensor, site: Site) -> Tensor:
    """Blocks that read a mixture of blocks beside themselves, whose tokens count as far as they are of no padding."""
    size = m.config.block
    q, k, v = (pad(part, (0, 0, 0, -site.length % size)).unflatten(2, (-1, size)) for part in heads(m.qkv, x))
    there = (torch.arange(q.shape[2] * size) < site.length).view(-1, size)
    k, v = (part * there[..., None] for part in (k, v))
    order = k.sum(3) @ m.sorting / m.config.temperature
    for _ in range(m.config.iterations):
        order = order - order.logsumexp(-1, keepdim=True)
        order = order - order.logsumexp(-2, keepdim=True)
    order = order.exp()
    share = order @ there.to(x.dtype) / order.sum(-1, keepdim=True)
    mask = torch.cat((share, there.to(x.dtype).expand_as(share)), -1).log()[..., None, :]
    k, v = (torch.cat(((order @ part.flatten(3)).view_as(part), part), 3) for part in (k, v))
    return merged(m.out, scaled_dot_product_attention(q, k, v, attn_mask=mask).flatten(2, 3)[:, :, : site.length])


def omega(m: Any, x: Tensor, site: Site) -> Tensor:
    """The recurrence token by token, a linear memory of plain keys; queries, keys and gates as ours."""
    projected, _ = m.projected(x, m.convolution.start(len(x), x))
    tokens, window, chunk = m._tokens(projected), m.config.window, m.config.chunk
    k, v = (pad(part, (0, 0, window - 1, 0)) for part in (tokens.k, tokens.v))
    base = weights = m.initial[0].expand(len(x), -1, -1, -1)
    momentum, outputs = torch.zeros_like(weights), []
    for t in range(site.length):
        base = weights if t % chunk == 0 else base
        keys, values = k[:, :, t : t + window], v[:, :, t : t + window]
        residual = 2 * (keys @ base.mT - values) * tokens.gamma[:, :, t, :, None]
        gates = (part[:, :, t, None, None] for part in (tokens.momentum.exp(), tokens.retention.exp(), tokens.step))
        theta, alpha, step = gates
        momentum = theta * momentum + residual.mT @ keys
        weights = alpha * weights - step * newton_schulz(momentum, m.config.steps)
        outputs.append(tokens.q[:, :, t] @ weights.mT)
    return m.closed(torch.stack(outputs, 2), x)


def pooling(m: Any, image: Tensor, site: Site) -> Tensor:
    """As in PoolFormer."""
    return avg_pool2d(image, 3, 1, 1, count_include_pad=False) - image


def pointwise(layer: Any, image: Tensor) -> Tensor:
    """A linear layer as a convolution of one pixel."""
    return torch.conv2d(image, layer.weight[..., None, None], layer.bias)


def separable(m: Any, image: Tensor, site: Site) -> Tensor:
    """As in MetaFormer's follow-up."""
    y = pointwise(m.up, image)
    y = m.activation.scale * relu(y) ** 2 + m.activation.shift
    return pointwise(m.down, convolved(m.convolution, y))


def convolved(convolution: Any, image: Tensor) -> Tensor:
    """A depthwise convolution of an image."""
    kernel = convolution.kernel
    return torch.conv2d(image, kernel.weight, kernel.bias, padding=convolution.size // 2, groups=kernel.groups)


def depthwise(m: Any, image: Tensor, site: Site) -> Tensor:
    """One convolution."""
    return convolved(m.convolution, image)


def gnconv(m: Any, image: Tensor, site: Site) -> Tensor:
    """As in HorNet."""
    first, filtered = pointwise(m.up, image).split((m.gates[0], sum(m.gates)), 1)
    gates = (convolved(m.filter, filtered) / m.alpha).split(m.gates, 1)
    y = first * gates[0]
    for widen, gate in zip(m.between, gates[1:], strict=True):
        y = pointwise(widen, y) * gate
    return pointwise(m.out, y)


def token_mlp(m: Any, x: Tensor, site: Site) -> Tensor:
    """A linear layer over transposed tokens."""
    return linear(x.mT, m.down.weight).mT


def rotary(m: Any, x: Tensor, site: Site) -> Tensor:
    """With sines and cosines of a whole head, as in transformers."""
    q, k, v = heads(m.qkv, x)
    half = m.head_width // 2
    angles = torch.arange(site.length)[:, None] * 10_000.0 ** -(torch.arange(half) / half)
    angles = torch.cat((angles, angles), -1)
    cos, sin = angles.cos(), angles.sin()
    q, k = (part * cos + torch.cat((-part[..., half:], part[..., :half]), -1) * sin for part in (q, k))
    return merged(m.out, scaled_dot_product_attention(q, k, v))


def sinusoidal(m: Any, x: Tensor, site: Site) -> Tensor:
    """Sines and cosines of every place in turn."""
    places, even = torch.arange(site.length)[:, None], torch.arange(0, site.width, 2)
    angles = places * 10_000.0 ** -(even / site.width)
    return x + torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def biased(m: Any, x: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Weights with a bias on the scores, as they are written where scores have one, and values."""
    q, k, v = heads(m.qkv, x)
    return (q @ k.mT / m.head_width**0.5 + bias).softmax(-1), v


def alibi(m: Any, x: Tensor, site: Site) -> Tensor:
    """A penalty for the distance, as a dense bias."""
    places = torch.arange(site.length)
    slopes = 2.0 ** -(8 / HEADS * torch.arange(1, HEADS + 1))
    weights, v = biased(m, x, -slopes[:, None, None] * (places - places[:, None]).abs())
    return merged(m.out, weights @ v)


def t5(m: Any, x: Tensor, site: Site) -> Tensor:
    """Buckets as the code of transformers has them, with 16 a side and 128 as the farthest."""
    places = torch.arange(site.length)
    distance = places - places[:, None]
    far = 8 + (torch.log(distance.abs().float() / 8) / math.log(128 / 8) * 8).long().clamp(max=7)
    bucket = 16 * (distance > 0) + torch.where(distance.abs() < 8, distance.abs(), far)
    weights, v = biased(m, x, m.position.table[0].mT[bucket].permute(2, 0, 1))
    return merged(m.out, weights @ v)


def toeplitz(m: Any, x: Tensor, site: Site) -> Tensor:
    """Bias and gate of each distance."""
    places = torch.arange(site.length)
    entry = (places - places[:, None]).clamp(-127, 127) + 127
    weights, v = biased(m, x, m.position.scores[0][:, entry])
    return merged(m.out, weights * m.position.gates[0][:, entry] @ v)


def shaw(m: Any, x: Tensor, site: Site) -> Tensor:
    """With vectors looked up for each pair, as it is mostly written."""
    places = torch.arange(site.length)
    entry = (places - places[:, None]).clamp(-8, 8) + 8
    q, k, v = heads(m.qkv, x)
    keys, values = m.position.keys[0][entry], m.position.weighted[0][entry]  # (N, N, d)
    weights = ((q @ k.mT + torch.einsum("bhnd,nmd->bhnm", q, keys)) / m.head_width**0.5).softmax(-1)
    return merged(m.out, weights @ v + torch.einsum("bhnm,nmd->bhnd", weights, values))


def feed(activation: Callable[[Tensor], Tensor]) -> Callable[[Any, Tensor, Site], Tensor]:
    """Two layers."""
    return lambda m, x, site: m.down(activation(m.up(x)))


def gated(activation: Callable[[Tensor], Tensor]) -> Callable[[Any, Tensor, Site], Tensor]:
    """A gated feed-forward with two layers up, each a product of its own."""

    def fed(m: Any, x: Tensor, site: Site) -> Tensor:
        gate, up = (linear(x, weight) for weight in m.up.weight.chunk(2))
        found: Tensor = m.down(activation(gate) * up)
        return found

    return fed


def moe(m: Any, x: Tensor, site: Site) -> Tensor:
    """Expert by expert, as in transformers."""
    rows = x.flatten(0, 1)
    gates, chosen = m.router(rows).softmax(-1).topk(m.active)
    gates = gates / gates.sum(-1, keepdim=True)
    y = torch.zeros_like(rows)
    for expert in range(len(m.up)):
        token, place = torch.where(chosen == expert)
        fed = gelu(rows[token] @ m.up[expert]) @ m.down[expert]
        y = y.index_add(0, token, fed * gates[token, place, None])
    return y.view_as(x)


def crms(m: Any, x: Tensor, site: Site) -> Tensor:
    """Paper 21's formula."""
    whole = (x.square().sum(-1, keepdim=True) + x.sum(-1, keepdim=True).square()) / (x.shape[-1] + 1)
    return x * torch.rsqrt(whole + m.eps)


def batched(m: Any, x: Tensor) -> Tensor:
    """torch's batch norm over tokens, which it takes as rows; running statistics follow as in ours."""
    return batch_norm(x.flatten(0, 1), m.mean, m.variance, m.weight, m.bias, training=True, eps=m.eps).view_as(x)


def prepbn(m: Any, x: Tensor, site: Site) -> Tensor:
    """The mixture of layer norm and RepBN."""
    of_layer = layer_norm(x, x.shape[-1:], m.layer.weight, m.layer.bias, m.layer.eps)
    share = float(m.share)
    return share * of_layer + (1 - share) * (batched(m.batch, x) + m.alpha * x)


PLAIN: dict[str, tuple[Callable[[Any, Tensor, Site], Tensor], str]] = {
    "mixer block": (block, "tokens"),
    "mixer sparse": (sparse, "tokens"),
    "mixer linformer": (linformer, "tokens"),
    "mixer nystrom": (nystrom, "tokens"),
    "mixer performer": (performer, "tokens"),
    "mixer linear": (linear_attention, "tokens"),
    "mixer cosformer": (cosformer, "tokens"),
    "mixer sla": (sla, "tokens"),
    "mixer ecoformer": (ecoformer, "tokens"),
    "mixer synthesizer": (synthesizer, "tokens"),
    "mixer sinkhorn": (sinkhorn, "tokens"),
    "mixer omega": (omega, "tokens"),
    "mixer pooling": (pooling, "image"),
    "mixer random": (lambda m, x, site: m.matrix @ x, "tokens"),
    "mixer separable": (separable, "image"),
    "mixer depthwise": (depthwise, "image"),
    "mixer gnconv": (gnconv, "image"),
    "mixer token-mlp": (token_mlp, "tokens"),
    "position alibi": (alibi, "tokens"),
    "position learned": (lambda m, x, site: x + m.position.table[: site.length], "tokens"),
    "position sinusoidal": (sinusoidal, "tokens"),
    "position rotary": (rotary, "tokens"),
    "position t5": (t5, "tokens"),
    "position toeplitz": (toeplitz, "tokens"),
    "position shaw": (shaw, "tokens"),
    "norm layer": (lambda m, x, _: layer_norm(x, x.shape[-1:], m.norm.weight, m.norm.bias, m.norm.eps), "tokens"),
    "norm rms": (lambda m, x, _: rms_norm(x, x.shape[-1:], m.norm.weight, m.eps), "tokens"),
    "norm crms": (crms, "tokens"),
    "norm batch": (lambda m, x, _: batched(m.norm, x), "tokens"),
    "norm prepbn": (prepbn, "tokens"),
    "norm group": (lambda m, x, _: group_norm(x, 1, m.weight, m.bias, m.eps), "channels"),
    "feedforward gelu": (feed(gelu), "tokens"),
    "feedforward relu2": (feed(lambda x: relu(x) ** 2), "tokens"),
    "feedforward starrelu": (
        lambda m, x, _: m.down(m.activation.scale * relu(m.up(x)) ** 2 + m.activation.shift),
        "tokens",
    ),
    "feedforward swiglu": (gated(silu), "tokens"),
    "feedforward geglu": (gated(gelu), "tokens"),
    "feedforward moe": (moe, "tokens"),
}
"""Formula on the choice's own weights, and its layout."""

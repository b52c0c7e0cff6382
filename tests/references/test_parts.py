"""Single parts equal those of transformers, weights copied."""

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu

from paretoformer.search_spaces.architecture import Architecture
from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import config_from_json
from paretoformer.search_spaces.stack import StackModule

pytestmark = pytest.mark.slow


def experts(references, active):
    """Ours of four experts, `active` of them for each token of 16 channels."""
    config = config_from_json("feedforward", {"name": "moe", "experts": 4, "active": active})
    return references.emptied(config.build(Site(width=references.width, length=9)))


def test_a_mixture_with_one_active_expert_equals_switch_transformers_with_room_for_every_token(
    transformers, references
) -> None:
    r = references
    from transformers.models.switch_transformers.modeling_switch_transformers import SwitchTransformersSparseMLP

    config = transformers.SwitchTransformersConfig(
        d_model=r.width, d_ff=4 * r.width, num_experts=4, expert_capacity=99, dropout_rate=0.0
    )
    config.dense_act_fn = "gelu"
    theirs = r.randomised(SwitchTransformersSparseMLP(config))
    theirs.router.dtype = torch.float64
    ours = experts(r, 1)
    r.put(ours.router, theirs.router.classifier)
    r.put(ours.up, torch.stack([expert.wi.weight.mT for expert in theirs.experts.values()]))
    r.put(ours.down, torch.stack([expert.wo.weight.mT for expert in theirs.experts.values()]))
    x = r.normal(2, 9, r.width)
    r.close(ours(x, Context()), theirs(x))


def test_two_active_experts_are_chosen_and_weighted_as_by_mixtrals_router(transformers, references) -> None:
    """Mixtral's experts are gated and ours are not: its choice and shares, and ungated experts."""
    r = references
    from transformers.models.mixtral.modeling_mixtral import MixtralTopKRouter

    config = transformers.MixtralConfig(hidden_size=r.width, num_local_experts=4, num_experts_per_tok=2)
    theirs = r.randomised(MixtralTopKRouter(config))
    ours = experts(r, 2)
    r.put(ours.router.weight, theirs.weight)
    r.put(ours.up, r.normal(4, r.width, 4 * r.width, seed=5))
    r.put(ours.down, r.normal(4, 4 * r.width, r.width, seed=6))
    x = r.normal(2, 9, r.width)
    _, shares, chosen = theirs(x)
    every = [gelu(x.flatten(0, 1) @ up) @ down for up, down in zip(ours.up, ours.down, strict=True)]
    picked = torch.stack(every, 1).gather(1, chosen[..., None].expand(-1, -1, r.width))
    expected = (shares[..., None] * picked).sum(1)
    r.close(ours(x, Context()).flatten(0, 1), expected, digits=6)  # theirs has shares in fp32


def test_one_block_in_three_loops_with_norms_after_branches_equals_albert(transformers, references) -> None:
    r = references
    from transformers.models.albert.modeling_albert import AlbertTransformer

    config = transformers.AlbertConfig(
        hidden_size=r.width,
        embedding_size=r.width,
        num_hidden_layers=3,
        num_attention_heads=r.heads,
        intermediate_size=4 * r.width,
        hidden_act="gelu",
        layer_norm_eps=1e-5,
        attn_implementation="sdpa",
    )
    theirs = r.randomised(AlbertTransformer(config))
    theirs.embedding_hidden_mapping_in = nn.Identity()
    branches = [
        r.branch("mixer", {"name": "softmax", "heads": r.heads}, "layer", placement="post"),
        r.branch("feedforward", "gelu", "layer", placement="post"),
    ]
    stacks = [r.stack("encoder", r.width, "none", [branches], loops=3)]
    read = Architecture.from_json({"topology": "encoder", "stem": "tokens", "stacks": stacks}).stacks[0]
    ours = r.emptied(StackModule(read, Site(width=r.width, length=9, position=read.position)))
    layer, (mixing, feeding) = theirs.albert_layer_groups[0].albert_layers[0], r.blocks(ours, 2)[0]
    own = layer.attention
    r.put(mixing.body.qkv, own.query, own.key, own.value)
    r.put(mixing.body.out, own.dense)
    r.put(mixing.norm.norm, own.LayerNorm)
    r.put(feeding.body.up, layer.ffn)
    r.put(feeding.body.down, layer.ffn_output)
    r.put(feeding.norm.norm, layer.full_layer_layer_norm)
    x = r.normal(2, 9, r.width)
    r.close(ours(x), theirs(x, None)[0])


def test_shaws_vectors_of_keys_equal_the_relative_key_of_seamless(transformers, references) -> None:
    r = references
    from transformers.models.seamless_m4t_v2.modeling_seamless_m4t_v2 import SeamlessM4Tv2ConformerSelfAttention

    config = transformers.SeamlessM4Tv2Config(
        hidden_size=r.width,
        speech_encoder_attention_heads=r.heads,
        left_max_position_embeddings=3,
        right_max_position_embeddings=3,
        attn_implementation="eager",
    )
    theirs = r.randomised(SeamlessM4Tv2ConformerSelfAttention(config))
    position = config_from_json("position", {"name": "shaw", "clip": 3, "values": False})
    mixer = config_from_json("mixer", {"name": "softmax", "heads": r.heads})
    ours = r.emptied(mixer.build(Site(width=r.width, length=9, position=position)))
    r.put(ours.qkv, theirs.linear_q, theirs.linear_k, theirs.linear_v)
    r.put(ours.out, theirs.linear_out)
    r.put(ours.position.keys, theirs.distance_embedding.weight)
    x = r.normal(2, 9, r.width)
    r.close(ours(x, Context()), theirs(x)[0])


def test_sla_without_its_convolution_equals_the_relu_attention_of_timms_efficientvit(timm, references) -> None:
    r = references
    from timm.models.efficientvit_mit import LiteMLA

    head = r.width // r.heads
    theirs = r.randomised(LiteMLA(r.width, r.width, dim=head, norm_layer=None, scales=(), eps=0.0))
    mixer = config_from_json("mixer", {"name": "sla", "heads": r.heads, "kernel": 0, "bias": False})
    ours = r.emptied(mixer.build(Site(width=r.width, length=12, grid=(3, 4))))
    heads = theirs.qkv.conv.weight.unflatten(0, (r.heads, 3, head)).transpose(0, 1).flatten(0, 2)
    r.put(ours.qkv.weight, heads)
    r.put(ours.out, theirs.proj.conv)
    x = r.normal(2, 12, r.width)
    expected = theirs(x.mT.unflatten(2, (3, 4))).flatten(2).mT
    r.close(ours(x, Context(grid=(3, 4))), expected, digits=5)  # theirs sums in fp32

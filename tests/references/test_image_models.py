"""Models of images equal those of transformers and timm, weights copied."""

import pytest

from paretoformer.records.signature import ClassOutput, ImageInput, Signature
from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import config_from_json

pytestmark = pytest.mark.slow
CLASSES = 5
LAYER = {"name": "layer", "eps": 1e-6}


def signature(side):
    """Square images of three channels, five classes."""
    return Signature(input=ImageInput(channels=3, height=side, width=side), output=ClassOutput(classes=CLASSES))


def pyramid(references, stem, topology, widths, blocks, side):
    """Ours of stages of these widths, each of its own blocks."""
    stacks = [
        references.stack(f"stage{number}", width, "none", own, **more)
        for number, (width, (own, more)) in enumerate(zip(widths, blocks, strict=True), 1)
    ]
    return references.model(
        {"topology": {"name": "pyramid", **topology}, "stem": stem, "stacks": stacks}, signature(side)
    )


def vit(references, norm):
    """Ours of two blocks and 16 channels, with a token of its own, for 4 x 4 patches of 4 pixels."""
    r = references
    block = [r.branch("mixer", {"name": "softmax", "heads": r.heads}, norm), r.branch("feedforward", "gelu", norm)]
    topology, stem = {"name": "encoder", "summary": "token"}, {"name": "patches", "size": 4}
    stacks = [r.stack("encoder", r.width, "learned", [block, block])]
    return r.model({"topology": topology, "stem": stem, "stacks": stacks}, signature(16))


def test_an_encoder_with_a_token_of_its_own_equals_vit(transformers, references) -> None:
    r = references
    config = transformers.ViTConfig(
        hidden_size=r.width,
        num_hidden_layers=2,
        num_attention_heads=r.heads,
        intermediate_size=4 * r.width,
        image_size=16,
        patch_size=4,
        layer_norm_eps=1e-6,
        num_labels=CLASSES,
        attn_implementation="sdpa",
    )
    theirs = r.randomised(transformers.ViTForImageClassification(config))
    ours, body = vit(r, LAYER), theirs.vit
    r.put(ours.stem.cut, body.embeddings.patch_embeddings.projection)
    r.put(ours.summary, body.embeddings.cls_token)
    r.put(ours.stack.position.table, body.embeddings.position_embeddings)
    for layer, (mixing, feeding) in zip(body.layers, r.blocks(ours.stack, 2), strict=True):
        own = layer.attention
        r.put(mixing.norm.norm, layer.layernorm_before)
        r.put(mixing.body.qkv, own.q_proj, own.k_proj, own.v_proj)
        r.put(mixing.body.out, own.o_proj)
        r.put(feeding.norm.norm, layer.layernorm_after)
        r.put(feeding.body.up, layer.mlp.fc1)
        r.put(feeding.body.down, layer.mlp.fc2)
    r.put(ours.stack.final_norm.norm, body.layernorm)
    r.put(ours.head, theirs.classifier)
    images = r.normal(2, 3, 16, 16)
    r.close(ours(images), theirs(images).logits)


def test_an_encoder_with_a_token_of_its_own_equals_timms_deit(timm, references) -> None:
    r = references
    theirs = timm.models.VisionTransformer(
        img_size=16, patch_size=4, embed_dim=r.width, depth=2, num_heads=r.heads, num_classes=CLASSES
    )
    theirs = r.randomised(theirs)
    ours = vit(r, LAYER)
    r.put(ours.stem.cut, theirs.patch_embed.proj)
    r.put(ours.summary, theirs.cls_token)
    r.put(ours.stack.position.table, theirs.pos_embed)
    for layer, (mixing, feeding) in zip(theirs.blocks, r.blocks(ours.stack, 2), strict=True):
        r.put(mixing.norm.norm, layer.norm1)
        r.put(mixing.body.qkv, layer.attn.qkv)
        r.put(mixing.body.out, layer.attn.proj)
        r.put(feeding.norm.norm, layer.norm2)
        r.put(feeding.body.up, layer.mlp.fc1)
        r.put(feeding.body.down, layer.mlp.fc2)
    r.put(ours.stack.final_norm.norm, theirs.norm)
    r.put(ours.head, theirs.head)
    images = r.normal(2, 3, 16, 16)
    r.close(ours(images), theirs(images))


def test_a_pyramid_of_shifted_squares_equals_timms_swin(timm, references) -> None:
    r, depth = references, 2
    theirs = timm.models.SwinTransformer(
        img_size=64,
        patch_size=4,
        window_size=4,
        embed_dim=8,
        depths=(depth,) * 4,
        num_heads=(2,) * 4,
        num_classes=CLASSES,
        strict_img_size=True,
    )
    theirs, widths = r.randomised(theirs), (8, 16, 32, 64)
    norm = {"name": "layer", "eps": 1e-5}
    forms = [{"name": "block", "heads": 2, "block": 4, "form": form} for form in ("square", "shifted")]
    pairs = [[r.branch("mixer", form, norm), r.branch("feedforward", "gelu", norm)] for form in forms]
    stem, topology = {"name": "patches", "size": 4}, {"merge": "gather", "norm_stem": True}
    ours = pyramid(r, stem, topology, widths, [(pairs, {})] * 4, 64)
    r.put(ours.stem.cut, theirs.patch_embed.proj)
    r.put(ours.entry.norm, theirs.patch_embed.norm)
    for number, (stage, reference) in enumerate(zip(ours.stages, theirs.layers, strict=True)):
        if number:
            r.put(ours.between[number - 1].norm.norm, reference.downsample.norm)
            r.put(ours.between[number - 1].map, reference.downsample.reduction)
        for layer, (mixing, feeding) in zip(reference.blocks, r.blocks(stage, 2), strict=True):
            r.put(mixing.norm.norm, layer.norm1)
            r.put(mixing.body.qkv, layer.attn.qkv)
            r.put(mixing.body.out, layer.attn.proj)
            r.put(mixing.body.table, layer.attn.relative_position_bias_table)
            r.put(feeding.norm.norm, layer.norm2)
            r.put(feeding.body.up, layer.mlp.fc1)
            r.put(feeding.body.down, layer.mlp.fc2)
    r.put(ours.stages[-1].final_norm.norm, theirs.norm)
    r.put(ours.head, theirs.head.fc)
    images = r.normal(2, 3, 64, 64)
    r.close(ours(images), theirs(images))


def test_a_pyramid_of_pooling_and_group_norm_equals_poolformer(transformers, references) -> None:
    r, widths = references, (8, 12, 16, 20)
    config = transformers.PoolFormerConfig(
        hidden_sizes=list(widths), depths=[2, 1, 1, 1], mlp_ratio=3.0, drop_path_rate=0.0, num_labels=CLASSES
    )
    theirs = r.randomised(transformers.PoolFormerForImageClassification(config))
    branches = [
        r.branch("mixer", "pooling", "group", layer_scale=1e-5),
        r.branch("feedforward", {"name": "gelu", "ratio": 3.0}, "group", layer_scale=1e-5),
    ]
    blocks = [(depth * [branches], {}) for depth in config.depths]
    ours = pyramid(r, {"name": "patches", "size": 4, "kernel": 7}, {}, widths, blocks, 64)
    encoder = theirs.poolformer.encoder
    cuts = [embedding.projection for embedding in encoder.patch_embeddings]
    for target, cut in zip((ours.stem.cut, *(one.convolution for one in ours.between)), cuts, strict=True):
        r.put(target, cut)
    for stage, layers in zip(ours.stages, encoder.block, strict=True):
        for layer, (mixing, feeding) in zip(layers, r.blocks(stage, 2), strict=True):
            r.put(mixing.norm, layer.before_norm)
            r.put(mixing.layer_scale, layer.layer_scale_1)
            r.put(feeding.norm, layer.after_norm)
            r.put(feeding.layer_scale, layer.layer_scale_2)
            r.put(feeding.body.up, layer.output.conv1)
            r.put(feeding.body.down, layer.output.conv2)
    r.put(ours.stages[-1].final_norm, theirs.norm)
    r.put(ours.head, theirs.classifier)
    images = r.normal(2, 3, 64, 64)
    r.close(ours(images), theirs(images).logits)


def test_a_pyramid_with_one_residual_a_block_equals_convnext(transformers, references) -> None:
    r, widths = references, (8, 12, 16, 20)
    config = transformers.ConvNextConfig(
        hidden_sizes=list(widths), depths=[2, 1, 1, 1], layer_norm_eps=1e-6, num_labels=CLASSES
    )
    theirs = r.randomised(transformers.ConvNextForImageClassification(config))
    branches = [r.branch("mixer", "depthwise", "none"), r.branch("feedforward", "gelu", LAYER, layer_scale=1e-6)]
    blocks = [(depth * [branches], {"residual": "block"}) for depth in config.depths]
    topology = {"kernel": 2, "stage_norms": True, "head": "mean-norm"}
    ours = pyramid(r, {"name": "patches", "size": 4, "norm": True}, topology, widths, blocks, 128)
    body = theirs.convnext
    r.put(ours.stem.cut, body.embeddings.patch_embeddings)
    r.put(ours.stem.norm, body.embeddings.layernorm)
    for number, (stage, made) in enumerate(zip(body.encoder.stages, ours.stages, strict=True)):
        if number:
            norm, cut = stage.downsampling_layer
            r.put(ours.stages[number - 1].final_norm.norm, norm)
            r.put(ours.between[number - 1].convolution, cut)
        for layer, (mixing, feeding) in zip(stage.layers, r.blocks(made, 2), strict=True):
            r.put(mixing.body.convolution.kernel, layer.dwconv)
            r.put(feeding.norm.norm, layer.layernorm)
            r.put(feeding.body.up, layer.pwconv1)
            r.put(feeding.body.down, layer.pwconv2)
            r.put(feeding.layer_scale, layer.layer_scale_parameter)
    r.put(ours.norm.norm, body.layernorm)
    r.put(ours.head, theirs.classifier)
    images = r.normal(2, 3, 128, 128)
    r.close(ours(images), theirs(images).logits)


def test_a_pyramid_of_separable_convolutions_and_attention_equals_timms_caformer_with_a_linear_head(
    timm, references
) -> None:
    """Its last norm has no bias here, as the norms of its blocks, and the stem's norm none there."""
    r, widths = references, (8, 12, 16, 20)
    from timm.models import metaformer

    mixers = [metaformer.SepConv, metaformer.SepConv, metaformer.Attention, metaformer.Attention]
    theirs = metaformer.MetaFormer(
        depths=(2, 1, 1, 1),
        dims=widths,
        token_mixers=mixers,
        norm_layers=[metaformer.LayerNorm2dNoBias] * 2 + [metaformer.LayerNormNoBias] * 2,
        downsample_norm=metaformer.LayerNorm2dNoBias,
        output_norm=metaformer.LayerNorm2dNoBias,
        use_mlp_head=False,
        num_classes=CLASSES,
        head_dim=4,
    )
    theirs = r.randomised(theirs)
    norm = {"name": "layer", "eps": 1e-6, "bias": False}
    separable = {"name": "separable", "start": "code"}
    blocks = []
    for width, depth, attends in zip(widths, (2, 1, 1, 1), (False, False, True, True), strict=True):
        mixer = {"name": "softmax", "heads": width // 4, "bias": False} if attends else separable
        feedforward = {"name": "starrelu", "start": "code"}
        own = [
            r.branch("mixer", mixer, norm, residual_scale=attends),
            r.branch("feedforward", feedforward, norm, residual_scale=attends),
        ]
        blocks.append((depth * [own], {}))
    topology = {"kernel": 3, "stage_norms": True, "head": "mean-norm"}
    ours = pyramid(r, {"name": "patches", "size": 4, "kernel": 7, "norm": True}, topology, widths, blocks, 64)
    r.put(ours.stem.cut, theirs.stem.conv)
    r.put(ours.stem.norm, theirs.stem.norm)
    for number, (stage, made) in enumerate(zip(theirs.stages, ours.stages, strict=True)):
        if number:
            r.put(ours.stages[number - 1].final_norm.norm, stage.downsample.norm)
            r.put(ours.between[number - 1].convolution, stage.downsample.conv)
        for layer, (mixing, feeding) in zip(stage.blocks, r.blocks(made, 2), strict=True):
            mixer = layer.token_mixer
            r.put(mixing.norm.norm, layer.norm1)
            r.put(feeding.norm.norm, layer.norm2)
            if number > 1:
                r.put(mixing.body.qkv, mixer.qkv)
                r.put(mixing.body.out, mixer.proj)
                r.put(mixing.residual_scale, layer.res_scale1.scale)
                r.put(feeding.residual_scale, layer.res_scale2.scale)
            else:
                r.put(mixing.body.up, mixer.pwconv1)
                r.put(mixing.body.activation.scale, mixer.act1.scale)
                r.put(mixing.body.activation.shift, mixer.act1.bias)
                r.put(mixing.body.convolution.kernel, mixer.dwconv)
                r.put(mixing.body.down, mixer.pwconv2)
            r.put(feeding.body.up, layer.mlp.fc1)
            r.put(feeding.body.activation.scale, layer.mlp.act.scale)
            r.put(feeding.body.activation.shift, layer.mlp.act.bias)
            r.put(feeding.body.down, layer.mlp.fc2)
    r.put(ours.norm.norm, theirs.head.norm)
    r.put(ours.head, theirs.head.fc)
    images = r.normal(2, 3, 64, 64)
    r.close(ours(images), theirs(images))


def test_a_nested_model_with_the_codes_injection_equals_timms_tnt_where_words_do_not_overlap(timm, references) -> None:
    """Words overlap in both by default, there within a sentence, here across: seven pixels are narrowed to their own four."""
    r, inner, outer = references, 8, 16
    from timm.models.tnt import TNT

    theirs = TNT(
        img_size=16,
        patch_size=8,
        embed_dim=outer,
        inner_dim=inner,
        depth=2,
        num_heads_inner=2,
        num_heads_outer=4,
        num_classes=CLASSES,
    )
    theirs = r.randomised(theirs)
    kernel = theirs.pixel_embed.proj.weight
    kernel[:, :, :3] = kernel[:, :, :, :3] = 0.0

    def block(heads):
        mixer = {"name": "softmax", "heads": heads, "qkv_bias": False}
        return [r.branch("mixer", mixer, "layer"), r.branch("feedforward", "gelu", "layer")]

    topology = {"name": "nested", "sentences": "words", "injection": "normed"}
    stacks = [
        r.stack("inner", inner, "learned", [block(2), block(2)]),
        r.stack("outer", outer, "learned", [block(4), block(4)]),
    ]
    ours = r.model({"topology": topology, "stem": {"name": "patches", "size": 4}, "stacks": stacks}, signature(16))
    r.put(ours.stem.cut.weight, kernel[:, :, 3:, 3:])
    r.put(ours.stem.cut.bias, theirs.pixel_embed.proj.bias)
    r.put(ours.inner.position.table, theirs.pixel_pos[0].flatten(1).mT)
    r.put(ours.outer.position.table, theirs.patch_pos)
    r.put(ours.summary, theirs.cls_token)
    for target, source in zip(ours.first, (theirs.norm1_proj, theirs.proj, theirs.norm2_proj), strict=True):
        r.put(target, source)
    inside, among = r.blocks(ours.inner, 2), r.blocks(ours.outer, 2)
    for layer, word, sentence, injection in zip(theirs.blocks, inside, among, ours.injections, strict=True):
        for target, source in zip(injection, (layer.norm1_proj, layer.proj, layer.norm2_proj), strict=True):
            r.put(target, source)
        parts = (
            (word, layer.norm_in, layer.attn_in, layer.norm_mlp_in, layer.mlp_in),
            (sentence, layer.norm_out, layer.attn_out, layer.norm_mlp, layer.mlp),
        )
        for (mixing, feeding), norm, attention, other_norm, mlp in parts:
            r.put(mixing.norm.norm, norm)
            r.put(mixing.body.qkv, attention.qk, attention.v)
            r.put(mixing.body.out, attention.proj)
            r.put(feeding.norm.norm, other_norm)
            r.put(feeding.body.up, mlp.fc1)
            r.put(feeding.body.down, mlp.fc2)
    r.put(ours.outer.final_norm.norm, theirs.norm)
    r.put(ours.head, theirs.head)
    images = r.normal(2, 3, 16, 16)
    r.close(ours(images), theirs(images))


def test_a_token_mlp_with_a_hidden_layer_equals_timms_mixer(timm, references) -> None:
    r = references
    from timm.models.mlp_mixer import MixerBlock

    theirs = r.randomised(MixerBlock(r.width, 9))
    config = config_from_json("mixer", {"name": "token-mlp", "hidden": r.width // 2, "bias": True})
    ours = r.emptied(config.build(Site(width=r.width, length=9)))
    r.put(ours.up, theirs.mlp_tokens.fc1)
    r.put(ours.down, theirs.mlp_tokens.fc2)
    x = r.normal(2, 9, r.width)
    r.close(ours(x, Context()), theirs.mlp_tokens(x.mT).mT)

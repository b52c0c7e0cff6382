"""Encoder-decoders equal the models of transformers, weights copied."""

import pytest

from paretoformer.records.signature import Signature, TokenInput, TokenOutput
from paretoformer.search_spaces.contract import Source

pytestmark = pytest.mark.slow
LENGTH, READ = 12, 15


def encoder_decoder(references, positions, mixer, norm, feedforward, *, tied, placement, **more):
    """Ours of two blocks in each stack and 16 channels, for 13 tokens; positions of the encoder and the decoder."""
    r = references
    signature = Signature(
        input=TokenInput(vocabulary=r.vocabulary, length=LENGTH),
        output=TokenOutput(vocabulary=r.vocabulary),
        source=TokenInput(vocabulary=r.vocabulary, length=READ),
    )
    body = {"mixer": mixer, "cross": mixer, "feedforward": feedforward}
    roles = {"encoder": ("mixer", "feedforward"), "decoder": ("mixer", "cross", "feedforward")}
    stacks = [
        r.stack(
            name,
            r.width,
            position,
            2 * [[r.branch(role, body[role], norm, placement=placement) for role in own]],
            **more,
        )
        for (name, own), position in zip(roles.items(), positions, strict=True)
    ]
    stem = {"name": "tokens", "tied": tied}
    return r.model({"topology": "encoder-decoder", "stem": stem, "stacks": stacks}, signature)


class Scaled:
    """A layer with its weights times `factor`: T5 does not divide scores by the root of a head's width."""

    def __init__(self, layer, factor) -> None:
        self.weight = factor * layer.weight


def test_relative_buckets_without_scaled_scores_rms_and_geglu_equal_t5_with_exact_gelu(
    transformers, references
) -> None:
    r = references
    config = transformers.T5Config(
        vocab_size=r.vocabulary,
        d_model=r.width,
        d_kv=r.width // r.heads,
        d_ff=2 * r.width,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=r.heads,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=10,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    )
    config.dense_act_fn = "gelu"
    theirs = r.randomised(transformers.T5ForConditionalGeneration(config))
    position, feedforward = {"name": "t5", "buckets": 8, "farthest": 10}, {"name": "geglu", "ratio": 3.0}
    mixer = {"name": "softmax", "heads": r.heads, "bias": False}
    ours = encoder_decoder(r, (position, position), mixer, "rms", feedforward, tied=False, placement="pre")
    root = (r.width // r.heads) ** 0.5
    r.put(ours.stem.table, theirs.shared)
    for mine, stack, branches in ((ours.encoder, theirs.encoder, 2), (ours.decoder, theirs.decoder, 3)):
        for block, made in zip(stack.block, r.blocks(mine, branches), strict=True):
            attention, *crossing, feeding = block.layer
            own = attention.SelfAttention
            r.put(made[0].norm.norm, attention.layer_norm)
            r.put(made[0].body.qkv, Scaled(own.q, root), own.k, own.v)
            r.put(made[0].body.out, own.o)
            for cross in crossing:
                other = cross.EncDecAttention
                r.put(made[1].norm.norm, cross.layer_norm)
                r.put(made[1].body.q, Scaled(other.q, root))
                r.put(made[1].body.kv, other.k, other.v)
                r.put(made[1].body.out, other.o)
            r.put(made[-1].norm.norm, feeding.layer_norm)
            r.put(made[-1].body.up, feeding.DenseReluDense.wi_0, feeding.DenseReluDense.wi_1)
            r.put(made[-1].body.down, feeding.DenseReluDense.wo)
        r.put(
            mine.branches[0].body.position.table,
            stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight.mT,
        )
        r.put(mine.final_norm.norm, stack.final_layer_norm)
    r.put(ours.head, theirs.lm_head)
    source = r.ids(length=READ, seed=3)
    expected = theirs(input_ids=source, decoder_input_ids=r.ids(length=LENGTH)).logits
    r.close(ours(r.ids(length=LENGTH), source=Source(source)), expected, digits=5)  # theirs normalises in fp32


def test_norms_after_branches_and_of_embeddings_and_learned_positions_equal_bart(transformers, references) -> None:
    r = references
    config = transformers.BartConfig(
        vocab_size=r.vocabulary,
        max_position_embeddings=READ,
        d_model=r.width,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=r.heads,
        decoder_attention_heads=r.heads,
        encoder_ffn_dim=4 * r.width,
        decoder_ffn_dim=4 * r.width,
        dropout=0.0,
        pad_token_id=None,
    )
    theirs = r.randomised(transformers.BartForConditionalGeneration(config))
    mixer = {"name": "softmax", "heads": r.heads}
    ours = encoder_decoder(r, ("learned", "learned"), mixer, "layer", "gelu", tied=True, placement="post", opening=True)
    r.put(ours.stem.table, theirs.model.shared)
    for mine, stack, branches in ((ours.encoder, theirs.model.encoder, 2), (ours.decoder, theirs.model.decoder, 3)):
        r.put(mine.opening_norm.norm, stack.layernorm_embedding)
        table = mine.position.table
        r.put(table, stack.embed_positions.weight[2 : 2 + len(table)])  # the first two rows stand for no position
        for layer, made in zip(stack.layers, r.blocks(mine, branches), strict=True):
            own = layer.self_attn
            r.put(made[0].body.qkv, own.q_proj, own.k_proj, own.v_proj)
            r.put(made[0].body.out, own.out_proj)
            r.put(made[0].norm.norm, layer.self_attn_layer_norm)
            if branches == 3:
                other = layer.encoder_attn
                r.put(made[1].body.q, other.q_proj)
                r.put(made[1].body.kv, other.k_proj, other.v_proj)
                r.put(made[1].body.out, other.out_proj)
                r.put(made[1].norm.norm, layer.encoder_attn_layer_norm)
            r.put(made[-1].body.up, layer.fc1)
            r.put(made[-1].body.down, layer.fc2)
            r.put(made[-1].norm.norm, layer.final_layer_norm)
    r.put(ours.head, theirs.lm_head)
    source = r.ids(length=READ, seed=3)
    lengths = references.lengths(READ, READ - 4)
    seen = references.valid(lengths, READ).long()
    expected = theirs(input_ids=source, attention_mask=seen, decoder_input_ids=r.ids(length=LENGTH)).logits
    r.close(ours(r.ids(length=LENGTH), source=Source(source, lengths)), expected)

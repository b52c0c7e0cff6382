"""Decoders equal the models of transformers, weights copied: topology, positions, attention, norms and feed-forwards in one."""

import pytest
import torch

from paretoformer.records.signature import Signature, TokenInput, TokenOutput

pytestmark = pytest.mark.slow
LENGTH = 12


def decoder(references, position, mixer, norm, feedforward, *, tied=True, width=None, **more):
    """Ours of two blocks, for 13 tokens."""
    r = references
    signature = Signature(
        input=TokenInput(vocabulary=r.vocabulary, length=LENGTH), output=TokenOutput(vocabulary=r.vocabulary)
    )
    block = [r.branch("mixer", mixer, norm), r.branch("feedforward", feedforward, norm)]
    stacks = [r.stack("decoder", width or r.width, position, [block, block], **more)]
    return r.model({"topology": "decoder", "stem": {"name": "tokens", "tied": tied}, "stacks": stacks}, signature)


class Transposed:
    """GPT-2's layers have their weights the other way around."""

    def __init__(self, layer) -> None:
        self.weight, self.bias = layer.weight.mT, layer.bias


def by_kind(layer, heads):
    """A fused layer whose rows go head by head, (q, k, v) in each: its rows kind by kind."""
    rows = torch.arange(len(layer.weight)).view(heads, 3, -1).transpose(0, 1).flatten()
    sorted_layer = torch.nn.Linear(*reversed(layer.weight.shape), dtype=layer.weight.dtype)
    sorted_layer.weight.copy_(layer.weight[rows])
    sorted_layer.bias.copy_(layer.bias[rows])
    return sorted_layer


def test_a_decoder_with_learned_positions_and_exact_gelu_equals_gpt2(transformers, references) -> None:
    r = references
    config = transformers.GPT2Config(
        vocab_size=r.vocabulary,
        n_positions=LENGTH,
        n_embd=r.width,
        n_layer=2,
        n_head=r.heads,
        activation_function="gelu",
    )
    theirs = r.randomised(transformers.GPT2LMHeadModel(config))
    ours = decoder(r, "learned", {"name": "softmax", "heads": r.heads}, "layer", "gelu")
    body = theirs.transformer
    r.put(ours.stem.table, body.wte)
    r.put(ours.stack.position.table, body.wpe.weight)
    for block, (mixing, feeding) in zip(body.h, r.blocks(ours.stack, 2), strict=True):
        r.put(mixing.norm.norm, block.ln_1)
        r.put(mixing.body.qkv, Transposed(block.attn.c_attn))
        r.put(mixing.body.out, Transposed(block.attn.c_proj))
        r.put(feeding.norm.norm, block.ln_2)
        r.put(feeding.body.up, Transposed(block.mlp.c_fc))
        r.put(feeding.body.down, Transposed(block.mlp.c_proj))
    r.put(ours.stack.final_norm.norm, body.ln_f)
    r.put(ours.head, theirs.lm_head)
    r.close(ours(r.ids()), theirs(r.ids()).logits)


def test_a_decoder_with_alibi_and_no_biases_equals_mpt(transformers, references) -> None:
    r = references
    config = transformers.MptConfig(
        vocab_size=r.vocabulary, max_seq_len=LENGTH, d_model=r.width, n_layers=2, n_heads=r.heads, expansion_ratio=4
    )
    theirs = r.randomised(transformers.MptForCausalLM(config))
    norm, feedforward = {"name": "layer", "bias": False}, {"name": "gelu", "bias": False}
    ours = decoder(r, "alibi", {"name": "softmax", "heads": r.heads, "bias": False}, norm, feedforward)
    body = theirs.transformer
    r.put(ours.stem.table, body.wte)
    for block, (mixing, feeding) in zip(body.blocks, r.blocks(ours.stack, 2), strict=True):
        r.put(mixing.norm.norm, block.norm_1)
        r.put(mixing.body.qkv, block.attn.Wqkv)
        r.put(mixing.body.out, block.attn.out_proj)
        r.put(feeding.norm.norm, block.norm_2)
        r.put(feeding.body.up, block.ffn.up_proj)
        r.put(feeding.body.down, block.ffn.down_proj)
    r.put(ours.stack.final_norm.norm, body.norm_f)
    r.put(ours.head, theirs.lm_head)
    r.close(ours(r.ids()), theirs(r.ids()).logits, digits=6)  # theirs takes its softmax in fp32


def test_a_decoder_with_a_quarter_of_channels_rotated_equals_gpt_neox_with_branches_in_turn(
    transformers, references
) -> None:
    r = references
    config = transformers.GPTNeoXConfig(
        vocab_size=r.vocabulary,
        hidden_size=r.width,
        num_hidden_layers=2,
        num_attention_heads=r.heads,
        intermediate_size=4 * r.width,
        rotary_pct=0.25,
        max_position_embeddings=LENGTH,
        use_parallel_residual=False,
        attn_implementation="sdpa",
    )
    theirs = r.randomised(transformers.GPTNeoXForCausalLM(config))
    ours = decoder(
        r, {"name": "rotary", "fraction": 0.25}, {"name": "softmax", "heads": r.heads}, "layer", "gelu", tied=False
    )
    body = theirs.gpt_neox
    r.put(ours.stem.table, body.embed_in)
    for block, (mixing, feeding) in zip(body.layers, r.blocks(ours.stack, 2), strict=True):
        r.put(mixing.norm.norm, block.input_layernorm)
        r.put(mixing.body.qkv, by_kind(block.attention.query_key_value, r.heads))
        r.put(mixing.body.out, block.attention.dense)
        r.put(feeding.norm.norm, block.post_attention_layernorm)
        r.put(feeding.body.up, block.mlp.dense_h_to_4h)
        r.put(feeding.body.down, block.mlp.dense_4h_to_h)
    r.put(ours.stack.final_norm.norm, body.final_layer_norm)
    r.put(ours.head, theirs.lm_head)
    r.close(ours(r.ids()), theirs(r.ids()).logits, digits=5)  # theirs takes sines and cosines in fp32


LLAMA_LIKE = {"softmax": ("Llama", {}), "window": ("Mistral", {"sliding_window": 5})}


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("mixer", LLAMA_LIKE)
def test_a_decoder_with_grouped_keys_rotary_rms_and_swiglu_equals_llama_and_with_a_window_mistral(
    transformers, references, mixer, kv_heads
) -> None:
    r, (name, more) = references, LLAMA_LIKE[mixer]
    config = getattr(transformers, f"{name}Config")(
        vocab_size=r.vocabulary,
        hidden_size=r.width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        intermediate_size=2 * r.width,
        rms_norm_eps=1e-6,
        max_position_embeddings=LENGTH,
        tie_word_embeddings=False,
        attn_implementation="sdpa",
        **more,
    )
    theirs = r.randomised(getattr(transformers, f"{name}ForCausalLM")(config))
    own = {"name": mixer, "heads": 4, "kv_heads": kv_heads, "bias": False}
    own = {**own, "window": 5} if mixer == "window" else own
    ours = decoder(r, "rotary", own, "rms", {"name": "swiglu", "ratio": 3.0}, tied=False)
    body = theirs.model
    r.put(ours.stem.table, body.embed_tokens)
    for block, (mixing, feeding) in zip(body.layers, r.blocks(ours.stack, 2), strict=True):
        r.put(mixing.norm.norm, block.input_layernorm)
        r.put(mixing.body.qkv, block.self_attn.q_proj, block.self_attn.k_proj, block.self_attn.v_proj)
        r.put(mixing.body.out, block.self_attn.o_proj)
        r.put(feeding.norm.norm, block.post_attention_layernorm)
        r.put(feeding.body.up, block.mlp.gate_proj, block.mlp.up_proj)
        r.put(feeding.body.down, block.mlp.down_proj)
    r.put(ours.stack.final_norm.norm, body.norm)
    r.put(ours.head, theirs.lm_head)
    r.close(ours(r.ids()), theirs(r.ids()).logits, digits=5)  # theirs normalises and rotates in fp32


def test_alibi_of_six_heads_which_are_no_power_of_two_and_a_norm_of_embeddings_equal_bloom(
    transformers, references
) -> None:
    r = references
    config = transformers.BloomConfig(
        vocab_size=r.vocabulary, hidden_size=24, n_layer=2, n_head=6, hidden_dropout=0.0, attention_dropout=0.0
    )
    theirs = r.randomised(transformers.BloomForCausalLM(config))
    for block in theirs.transformer.h:
        block.mlp.gelu_impl = torch.nn.GELU()  # theirs is the approximation by tanh
    ours = decoder(r, "alibi", {"name": "softmax", "heads": 6}, "layer", "gelu", width=24, opening=True)
    body = theirs.transformer
    r.put(ours.stem.table, body.word_embeddings)
    r.put(ours.stack.opening_norm.norm, body.word_embeddings_layernorm)
    for block, (mixing, feeding) in zip(body.h, r.blocks(ours.stack, 2), strict=True):
        r.put(mixing.norm.norm, block.input_layernorm)
        r.put(mixing.body.qkv, by_kind(block.self_attention.query_key_value, 6))
        r.put(mixing.body.out, block.self_attention.dense)
        r.put(feeding.norm.norm, block.post_attention_layernorm)
        r.put(feeding.body.up, block.mlp.dense_h_to_4h)
        r.put(feeding.body.down, block.mlp.dense_4h_to_h)
    r.put(ours.stack.final_norm.norm, body.ln_f)
    r.put(ours.head, theirs.lm_head)
    r.close(ours(r.ids()), theirs(r.ids()).logits, digits=5)  # theirs takes its softmax in fp32

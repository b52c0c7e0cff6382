"""Presets have as many parameters as the full-size models of transformers and timm, but for what is named here."""

import pytest
import torch

from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.preset import load_preset

pytestmark = pytest.mark.slow
TIMM = {
    "deit-tiny": "deit_tiny_patch16_224",
    "deit-small": "deit_small_patch16_224",
    "deit-base": "deit_base_patch16_224",
    "poolformer-s12": "poolformer_s12",
    "poolformer-s24": "poolformer_s24",
    "poolformer-s36": "poolformer_s36",
    "poolformer-m36": "poolformer_m36",
    "poolformer-m48": "poolformer_m48",
    "convnext-tiny": "convnext_tiny",
    "convnext-small": "convnext_small",
    "convnext-base": "convnext_base",
    "convnext-large": "convnext_large",
    "convnext-xlarge": "convnext_xlarge",
    "tnt-small": "tnt_s_patch16_224",
    "tnt-base": "tnt_b_patch16_224",
}


def ours(name: str) -> int:
    preset = load_preset(name)
    return count(preset.architecture, preset.signature).params


def theirs(make) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in make().parameters())


@pytest.mark.parametrize(("name", "reference"), TIMM.items(), ids=TIMM)
def test_image_models_are_as_large_as_timms(timm, name: str, reference: str) -> None:
    assert ours(name) == theirs(lambda: timm.create_model(reference))


@pytest.mark.parametrize(
    ("name", "sizes"), [("gpt2-small", {}), ("gpt2-medium", {"n_embd": 1024, "n_layer": 24, "n_head": 16})]
)
def test_gpt2_is_as_large_as_transformers_and_the_bias_of_its_head(transformers, name, sizes) -> None:
    config = transformers.GPT2Config(**sizes)
    assert ours(name) == theirs(lambda: transformers.GPT2LMHeadModel(config)) + config.vocab_size


def test_t5_is_as_large_as_transformers_and_the_bias_of_its_head(transformers) -> None:
    config = transformers.T5Config(vocab_size=32_128)
    assert ours("t5-small") == theirs(lambda: transformers.T5ForConditionalGeneration(config)) + config.vocab_size


def test_bart_is_as_large_as_transformers_less_two_rows_a_table_and_with_the_bias_of_its_head(transformers) -> None:
    config = transformers.BartConfig(
        vocab_size=50_265,
        d_model=768,
        encoder_layers=6,
        decoder_layers=6,
        encoder_attention_heads=12,
        decoder_attention_heads=12,
        encoder_ffn_dim=3072,
        decoder_ffn_dim=3072,
    )
    whole = theirs(lambda: transformers.BartForConditionalGeneration(config))
    assert ours("bart-base") == whole - 2 * 2 * 768 + config.vocab_size


def test_roberta_is_as_large_as_transformers_with_urpe_for_positions_and_a_head_for_its_pooler(transformers) -> None:
    config = transformers.RobertaConfig(vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1)
    whole = theirs(lambda: transformers.RobertaModel(config, add_pooling_layer=False))
    positions_and_type, urpe, class_token, head = 515 * 768, 2 * 12 * 1023, 768, 2 * 769
    assert ours("roberta-urpe") == whole - positions_and_type + urpe + class_token + head

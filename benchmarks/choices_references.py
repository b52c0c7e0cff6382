"""What choices_speed.py compares each choice with: a package's module, or the plain formula on the choice's own weights."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from choices_formulas import HEADS, PLAIN
from torch import Tensor, nn

from paretoformer.search_spaces.contract import Site

os.environ["HF_HUB_OFFLINE"] = "1"
Call = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Reference:
    """A call, the parameters it trains, where it comes from, and how it takes tokens: (B, N, D), or as an image or a row of
    channels, which is how such code is written.

    `equal`: it computes what ours does, on the same weights, which is checked before it is timed.
    """

    call: Call
    parameters: list[nn.Parameter]
    source: str
    layout: str = "tokens"
    equal: bool = True


class Packaged:
    """Modules of transformers, with weights of their own."""

    @staticmethod
    def softmax(config: Any, site: Site) -> tuple[nn.Module, Call]:
        """Of ViT, by torch's fused attention."""
        from transformers import ViTConfig
        from transformers.models.vit.modeling_vit import ViTAttention

        given = ViTConfig(hidden_size=site.width, num_attention_heads=HEADS, attn_implementation="sdpa")
        module = ViTAttention(given)
        return module, lambda x: module(x)[0]

    @staticmethod
    def window(config: Any, site: Site) -> tuple[nn.Module, Call]:
        """Of Longformer, and a layer back."""
        from transformers import LongformerConfig
        from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

        given = LongformerConfig(
            hidden_size=site.width,
            num_attention_heads=HEADS,
            attention_window=[config.window],
            attention_probs_dropout_prob=0.0,
        )
        attention, out = LongformerSelfAttention(given, 0), nn.Linear(site.width, site.width)
        for unused in (attention.query_global, attention.key_global, attention.value_global):
            unused.requires_grad_(False)
        none = torch.zeros(1, site.length)

        def call(x: Tensor) -> Tensor:
            mask = none.expand(len(x), -1)
            y: Tensor = out(attention(x, mask, mask < 0, mask > 0, False)[0])
            return y

        return nn.ModuleList((attention, out)), call

    @staticmethod
    def bigbird(config: Any, site: Site) -> tuple[nn.Module, Call]:
        """Of BigBird, and a layer back."""
        from transformers import BigBirdConfig
        from transformers.models.big_bird.modeling_big_bird import BigBirdBlockSparseAttention, BigBirdModel

        given = BigBirdConfig(
            hidden_size=site.width,
            num_attention_heads=HEADS,
            block_size=config.block,
            num_random_blocks=config.random,
            max_position_embeddings=site.length,
        )
        attention, out = BigBirdBlockSparseAttention(given), nn.Linear(site.width, site.width)

        def call(x: Tensor) -> Tensor:
            ones = torch.ones(x.shape[:2])
            blocked, band, of, to = BigBirdModel.create_masks_for_block_sparse_attn(ones, config.block)
            y: Tensor = out(attention(x, band, of, to, blocked, blocked)[0])
            return y

        return nn.ModuleList((attention, out)), call

    @staticmethod
    def lsh(config: Any, site: Site) -> tuple[nn.Module, Call]:
        """Of Reformer, and a layer back."""
        from transformers import ReformerConfig
        from transformers.models.reformer.modeling_reformer import LSHSelfAttention

        factors = config.factors(site)
        given = ReformerConfig(
            hidden_size=site.width,
            num_attention_heads=HEADS,
            attention_head_size=site.width // HEADS,
            lsh_attn_chunk_length=config.chunk,
            num_hashes=config.hashes,
            num_buckets=factors[0] if len(factors) == 1 else list(factors),
            is_decoder=False,
            lsh_attention_probs_dropout_prob=0.0,
        )
        attention, out = LSHSelfAttention(given), nn.Linear(site.width, site.width, bias=False)

        def call(x: Tensor) -> Tensor:
            y: Tensor = out(attention(x).hidden_states)
            return y

        return nn.ModuleList((attention, out)), call


PACKAGED: dict[str, tuple[Callable[[Any, Site], tuple[nn.Module, Call]], str]] = {
    "mixer softmax": (Packaged.softmax, "ViT (transformers)"),
    "mixer window": (Packaged.window, "Longformer (transformers)"),
    "mixer bigbird": (Packaged.bigbird, "BigBird (transformers)"),
    "mixer lsh": (Packaged.lsh, "Reformer (transformers)"),
    "mixer lsh-default": (Packaged.lsh, "Reformer (transformers), which computes something else as published"),
}
UNPUBLISHED = ("mixer deep-transformer", "mixer omega-default")
"""Choices without public code or a short formula: beside softmax attention, which says what they cost, not how well they are written."""


def reference(name: str, config: Any, site: Site, module: nn.Module) -> Reference | None:
    """That of choice `name`, or None where there is none."""
    if name in PACKAGED:
        make, source = PACKAGED[name]
        other, call = make(config, site)
        other.eval()
        return Reference(call, [p for p in other.parameters() if p.requires_grad], source, equal=False)
    if name in UNPUBLISHED:
        other, call = Packaged.softmax(config, site)
        return Reference(call, list(other.eval().parameters()), "softmax of ViT, no code published", equal=False)
    if name not in PLAIN:
        return None
    formula, layout = PLAIN[name]
    trained = [p for p in module.parameters() if p.requires_grad]
    return Reference(lambda x: formula(module, x, site), trained, "plain formula", layout)

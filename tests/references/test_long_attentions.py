"""Attentions for long sequences equal the modules of transformers, weights copied, where both are defined alike."""

import pytest
import torch

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.registry import config_from_json

pytestmark = pytest.mark.slow
LENGTH = 64


def attention(references, name, **fields):
    """Ours at a bidirectional site of 64 tokens and 16 channels, its output as it comes from the heads."""
    config = config_from_json("mixer", {"name": name, "heads": references.heads, **fields})
    site = Site(width=references.width, length=LENGTH)
    assert not list(config.problems(site))
    ours = references.emptied(config.build(site))
    ours.out.weight.copy_(torch.eye(references.width))
    if ours.out.bias is not None:
        ours.out.bias.zero_()
    return ours


@pytest.mark.parametrize("kernel", [None, 5])
def test_nystrom_equals_nystromformer_with_each_matrix_started_by_its_own_sums(
    transformers, references, kernel
) -> None:
    r = references
    from transformers.models.nystromformer.modeling_nystromformer import NystromformerSelfAttention

    config = transformers.NystromformerConfig(
        hidden_size=r.width,
        num_attention_heads=r.heads,
        num_landmarks=8,
        segment_means_seq_len=LENGTH,
        conv_kernel_size=kernel or 1,
    )
    theirs = r.randomised(NystromformerSelfAttention(config))
    theirs.conv_kernel_size = kernel
    theirs.init_option = (
        "exact"  # its other option takes the largest sum of the whole batch, by which samples see each other
    )
    ours = attention(r, "nystrom", landmarks=8, kernel=kernel or 0)
    r.put(ours.qkv, theirs.query, theirs.key, theirs.value)
    if kernel:
        r.put(ours.near, theirs.conv)
    x = r.normal(2, LENGTH, r.width)
    r.close(ours(x, Context()), theirs(x)[0])


@pytest.mark.parametrize("special", [0, 3])
@pytest.mark.parametrize("short", [LENGTH, LENGTH - 9])
def test_a_window_equals_longformer_with_first_tokens_global_and_padding(
    transformers, references, special, short
) -> None:
    r = references
    from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

    config = transformers.LongformerConfig(
        hidden_size=r.width, num_attention_heads=r.heads, attention_window=[16], attention_probs_dropout_prob=0.0
    )
    theirs = r.randomised(LongformerSelfAttention(config, 0))
    ours = attention(r, "window", window=16, global_tokens=special)
    r.put(ours.qkv, theirs.query, theirs.key, theirs.value)
    if special:
        r.put(ours.global_q, theirs.query_global)
        r.put(ours.global_kv, theirs.key_global, theirs.value_global)
    x, lengths = r.normal(2, LENGTH, r.width), r.lengths(LENGTH, short)
    valid, first = r.valid(lengths, LENGTH), (torch.arange(LENGTH) < special).expand(2, -1)
    mask = torch.where(valid, 0.0, -10000.0).double().masked_fill(first, 10000.0)
    expected = theirs(x, mask, is_index_masked=mask < 0, is_index_global_attn=mask > 0, is_global_attn=special > 0)[0]
    y = ours(x, Context(lengths=lengths))
    r.close(y[valid], expected[valid], digits=6)  # theirs takes its softmax in fp32


@pytest.mark.parametrize("random", [1, 2])
def test_bigbird_equals_bigbird_with_our_random_blocks(transformers, references, random) -> None:
    r = references
    from transformers.models.big_bird.modeling_big_bird import BigBirdBlockSparseAttention, BigBirdModel

    config = transformers.BigBirdConfig(
        hidden_size=r.width,
        num_attention_heads=r.heads,
        block_size=4,
        num_random_blocks=random,
        max_position_embeddings=LENGTH,
    )
    theirs = r.randomised(BigBirdBlockSparseAttention(config))
    ours = attention(r, "bigbird", block=4, random=random)
    r.put(ours.qkv, theirs.query, theirs.key, theirs.value)
    blocks = LENGTH // 4
    chosen, _ = ours._lists(blocks - 1, torch.tensor([blocks - 1]))  # of the second block to the last
    drawn = chosen[0, :, : blocks - 2, -random:].numpy()
    theirs._bigbird_block_rand_mask_with_head = lambda *_, **__: list(drawn)
    x = r.normal(2, LENGTH, r.width)
    ones = torch.ones(2, LENGTH, dtype=torch.float64)
    blocked, band, of, to = BigBirdModel.create_masks_for_block_sparse_attn(ones, 4)
    expected = theirs(x, band, of, to, blocked, blocked)[0]
    r.close(ours(x, Context()), expected)


@pytest.mark.parametrize(("hashes", "chunk", "factors"), [(1, 8, (8,)), (3, 8, (8,)), (2, 2, (8, 8))])
def test_lsh_across_buckets_equals_reformer_away_from_the_first_chunks_which_there_read_the_last(
    transformers, references, hashes, chunk, factors
) -> None:
    """Of a pair of hashes the first counts more with us, the second there; their rotations are swapped."""
    r = references
    from transformers.models.reformer.modeling_reformer import LSHSelfAttention

    config = transformers.ReformerConfig(
        hidden_size=r.width,
        num_attention_heads=r.heads,
        attention_head_size=r.width // r.heads,
        lsh_attn_chunk_length=chunk,
        num_hashes=hashes,
        num_buckets=list(factors) if len(factors) > 1 else factors[0],
        hash_seed=4,
        is_decoder=False,
        lsh_attention_probs_dropout_prob=0.0,
    )
    theirs = r.randomised(LSHSelfAttention(config))
    code = {"across": True, "duplicates": "counted", "scale": "none"}
    buckets = factors[0] if len(factors) == 1 else None
    ours = attention(r, "lsh", chunk=chunk, hashes=hashes, buckets=buckets, bias=False, **code)
    assert tuple(2 * count for count in ours.directions) == factors
    r.put(ours.qk, theirs.query_key)
    r.put(ours.value, theirs.value)
    generator = torch.Generator().manual_seed(4)
    heads, rounds, head, directions = ours.rotations.shape
    drawn = torch.randn(heads, head, rounds, directions, generator=generator, dtype=torch.float64)
    parts = drawn.transpose(1, 2).split([count // 2 for count in reversed(factors)], -1)
    ours.rotations.copy_(torch.cat(parts[::-1], -1))
    x = r.normal(2, LENGTH, r.width)
    with torch.random.fork_rng(devices=[]):
        found = theirs(x)
    y = ours(x, Context())
    hashed = ours.buckets(ours.qk(x).unflatten(-1, (r.heads, -1)).transpose(1, 2), Context())
    places = hashed.argsort(stable=True).argsort(-1)
    later = (places >= chunk).all(2).transpose(1, 2)  # (B, N, H): in no round in the first chunk
    assert later.float().mean() > 0.4
    ours_by_head, theirs_by_head = (z.unflatten(-1, (r.heads, -1))[later] for z in (y, found.hidden_states))
    r.close(ours_by_head, theirs_by_head, digits=5)  # theirs takes norms of keys with an epsilon of 1e-6

"""BigBird: its gathered blocks equal the masked N x N form, and lists of blocks are as the paper draws them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretoformer.search_spaces.contract import Context, Site
from paretoformer.search_spaces.mixers.bigbird import BigBirdConfig
from paretoformer.search_spaces.mixers.softmax import SoftmaxConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SITE = Site(width=16, length=130)


def made(places, length=130, **fields):
    """(module in float64, tokens (2, length, 16)) of a config with blocks of 8 tokens."""
    module = places.built(BigBirdConfig(**{"block": 8, **fields}), SITE).double().eval()
    return module, places.normal(2, length, SITE.width)


def random_lists(module, blocks):
    """For each head the random blocks that each block reads, as sets by block."""
    chosen, seen = module._lists(blocks - module.ends, torch.tensor([blocks - 1]))
    chosen, seen = chosen[0, :, :, -module.random :], seen[0, :, :, -module.random :]
    if not module.random:
        return [[set()] * blocks] * module.heads
    lists = [
        [set(row[there].tolist()) for row, there in zip(*rows, strict=True)] for rows in zip(chosen, seen, strict=True)
    ]
    return [[set()] * module.ends + rows for rows in lists]


def blocks_seen(module, blocks):
    """The definition: which blocks each block reads, (H, n, n)."""
    seen = torch.zeros(module.heads, blocks, blocks, dtype=torch.bool)
    for head, rows in enumerate(random_lists(module, blocks)):
        for row, drawn in enumerate(rows):
            near = range(max(0, row - module.radius), min(blocks, row + module.radius + 1))
            seen[head, row, [*near, *drawn]] = True
    if module.ends:
        seen[:, [0, -1]] = True
        seen[:, :, [0, -1]] = True
    return seen


@torch.no_grad()
@pytest.mark.parametrize("length", [65, 72, 100, 130])
@pytest.mark.parametrize(
    "fields", [{}, {"random": 1}, {"random": 0}, {"ends": False}, {"window": 5}, {"window": 1, "kv_heads": 2}], ids=str
)
def test_gathered_blocks_equal_the_masked_form(places, dense_attention, length, fields) -> None:
    module, x = made(places, length, **fields)
    within = torch.arange(length) // 8
    blocks = -(-length // 8)
    seen = blocks_seen(module, blocks)[:, within[:, None], within]
    expected = module.merge(dense_attention(*module.project(x), seen))
    torch.testing.assert_close(module(x, Context()), expected, **CLOSE)


@torch.no_grad()
def test_with_nothing_global_or_random_it_is_a_window_of_blocks(places, dense_attention) -> None:
    module, x = made(places, random=0, ends=False)
    within = torch.arange(130) // 8
    near = (within[:, None] - within).abs() <= 1
    torch.testing.assert_close(module(x, Context()), module.merge(dense_attention(*module.project(x), near)), **CLOSE)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 8, 40, 56])
def test_a_sequence_of_few_blocks_is_softmax(places, length) -> None:
    module, x = made(places, length)
    softmax = SoftmaxConfig().build(SITE).double()
    softmax.load_state_dict({name: value for name, value in module.state_dict().items() if name != "drawn"})
    torch.testing.assert_close(module(x, Context()), softmax(x, Context()), **CLOSE)


@settings(deadline=None, max_examples=40)
@given(blocks=st.integers(8, 40), random=st.integers(1, 5), radius=st.integers(0, 3), ends=st.booleans())
def test_random_blocks_are_different_and_neither_near_nor_global(blocks, random, radius, ends) -> None:
    config = BigBirdConfig(block=1, window=2 * radius + 1, random=random, ends=ends)
    module = config.build(Site(width=8, length=17))
    for rows in random_lists(module, blocks):
        for row, drawn in list(enumerate(rows))[ends : blocks - ends]:
            near = set(range(row - radius, row + radius + 1))
            free = set(range(int(ends), blocks - ends)) - near
            assert drawn <= free
            assert len(drawn) == min(random, len(free))


def test_every_free_block_is_drawn_about_as_often() -> None:
    module = BigBirdConfig(block=1, random=2, heads=8).build(Site(width=8, length=4_000))
    module.drawn = torch.randint(2**31, (8, 4_000, 2), generator=torch.Generator().manual_seed(0))
    counts = torch.zeros(12)
    for rows in range(0, 4_000, 12):
        picked = module._picked(torch.arange(rows, min(rows + 12, 4_000)), torch.full((1, 1), 12))
        counts += picked.flatten().bincount(minlength=12)
    share = counts / counts.sum()
    assert (share - 1 / 12).abs().max() < 0.005


def test_rows_of_the_mask_count_the_blocks_that_are_named(places) -> None:
    module, _ = made(places)
    rows = blocks_seen(module, 17).sum(-1)
    assert (
        (rows[:, 2:15] == 3 + 2 + 3).all() and (rows[:, [1, 15]] == 3 + 1 + 3).all() and (rows[:, [0, 16]] == 17).all()
    )


@torch.no_grad()
def test_the_last_block_of_a_padded_sequence_is_its_own(places) -> None:
    module, x = made(places)
    lengths = torch.tensor([100, 130])
    y = module(x, Context(lengths=lengths))
    other = x.clone()
    other[0, 99] += 1
    changed = (module(other, Context(lengths=lengths)) != y).any(-1)[0, :100]
    assert changed.all(), "the last valid block is global: every token reads it"


def test_memory_grows_as_the_length(places, largest_tensor) -> None:
    module, x = made(places, 4096)
    sizes = [largest_tensor(lambda length=length: module(x[:, :length], Context()).sum()) for length in (2048, 4096)]
    assert sizes[1] <= 2.1 * sizes[0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"block": 16, "window": 2}, "has a window of 2 blocks, and in"),
        ({"block": 64}, "needs more than 7 of 64 tokens, and a sequence of up to 130 tokens has 3"),
    ],
)
def test_what_cannot_stand_is_refused(fields, said) -> None:
    assert any(said in sentence for sentence in BigBirdConfig(**fields).problems(SITE))

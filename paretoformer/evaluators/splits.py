"""Dealing data to training, validation and test: duplicates stay together, classes are spread evenly."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from paretoformer.evaluators.examples import Split

SHARES = {Split.TRAIN: 0.70, Split.VALIDATION: 0.15, Split.TEST: 0.15}
"""Share of the data in each split."""


def content_key(content: bytes) -> str:
    """A key that equal contents share: their SHA-256."""
    return hashlib.sha256(content).hexdigest()


def letters_of(text: str) -> str:
    """Letters and digits in lower case, which texts share that differ in spaces, capitals and punctuation alone.

    Of a text without any, the text.
    """
    return "".join(filter(str.isalnum, text.lower())) or text


def group_numbers(keys: Sequence[str]) -> Tensor:
    """A number for each item, (n,) long, that items of equal key share: what `Examples.groups` takes."""
    numbers: dict[str, int] = {}
    return torch.tensor([numbers.setdefault(key, len(numbers)) for key in keys], dtype=torch.long)


def deal(
    keys: Sequence[str],
    *,
    strata: Sequence[str] | None = None,
    sizes: Sequence[int] | None = None,
    seed: int = 0,
) -> dict[Split, list[int]]:
    """Indices of each split, ascending; the same on every machine.

    Items of equal key form a group and never part. Groups are taken stratum by stratum, within one in the order of a
    hash of seed and key, and each goes to the split that is furthest behind its share with it, so that any run of
    groups, and with it every stratum, is shared out evenly. The first group of a stratum goes to training.

    Args:
        keys: one for each item.
        strata: what to spread evenly, usually the class; a group belongs to the most frequent one of its items.
        sizes: weight of each item towards the shares, 1 unless given.
        seed: another seed is another split.
    """
    dealt: dict[Split, list[int]] = {split: [] for split in SHARES}
    given = dict.fromkeys(SHARES, 0)
    before = None
    for group in _groups(keys, strata or [""] * len(keys), sizes or [1] * len(keys), seed):
        total = sum(given.values()) + group.size
        behind = {split: share * total - given[split] for split, share in SHARES.items()}
        split = Split.TRAIN if group.stratum != before else max(SHARES, key=lambda split: behind[split])
        dealt[split] += group.items
        given[split] += group.size
        before = group.stratum
    return {split: sorted(items) for split, items in dealt.items()}


@dataclass(frozen=True, kw_only=True)
class _Group:
    stratum: str
    order: str
    items: tuple[int, ...]
    size: int


def _groups(keys: Sequence[str], strata: Sequence[str], sizes: Sequence[int], seed: int) -> Iterable[_Group]:
    members: dict[str, list[int]] = defaultdict(list)
    for item, key in enumerate(keys):
        members[key].append(item)
    groups = (
        _Group(
            stratum=_most_frequent(strata[item] for item in items),
            order=content_key(f"{seed}:{key}".encode()),
            items=tuple(items),
            size=sum(sizes[item] for item in items),
        )
        for key, items in members.items()
    )
    return sorted(groups, key=lambda group: (group.stratum, group.order))


def _most_frequent(labels: Iterable[str]) -> str:
    counts = Counter(labels)
    return min(counts, key=lambda label: (-counts[label], label))

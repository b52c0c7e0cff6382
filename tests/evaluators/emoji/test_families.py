import pytest

from paretoformer.evaluators.emoji.families import family

TOGETHER = {
    "skins": "👋 👋🏻 👋🏿",
    "sexes": "🏃 🏃‍♂️ 🏃🏽‍♀️",
    "occupations": "🧑‍🚀 👨‍🚀 👩🏾‍🚀",
    "flags": "🇫🇷 🇯🇵 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "keycaps": "#️⃣ 7️⃣",
    "persons": "👨 👩🏽 🧑🏿",
    "hair": "👨‍🦰 👩🏽‍🦰 🧑‍🦲 👩",
    "kisses and couples with a heart": "💏🏻 💑 👨‍❤️‍👨 👩🏽‍❤️‍💋‍👨🏿",
    "hands held": "👫 👬🏽 👭 🧑🏿‍🤝‍🧑🏻 🤝 🫱🏻‍🫲🏿",
    "bunny ears": "👯 👯‍♂️ 🧑🏻‍🐰‍🧑🏿",
    "wrestlers": "🤼 🤼‍♀️ 👨🏻‍🫯‍👨🏿",
    "sexes with signs of their own": "💃 🕺🏽",
    "old persons": "👴 👵🏾 🧓",
    "crowns": "👸 🤴 🫅🏿",
    "Santa and his wife": "🎅 🤶 🧑‍🎄",
    "expecting": "🤰 🫃🏻 🫄",
    "families and children": "👪 🧑‍🧑‍🧒 👩‍👧 👨‍👩‍👦 👦🏽 👧 🧒",
    "with or without a picture sign": "❤️ ❤",
}


@pytest.mark.parametrize("names", TOGETHER.values(), ids=TOGETHER.keys())
def test_variants_are_one_family(names: str) -> None:
    assert len({family(emoji) for emoji in names.split()}) == 1


def test_different_things_are_different_families() -> None:
    others = "👋 🚗 😀 🏴 🇫🇷 7️⃣ 👩 ♂️ ⬛".split()  # noqa: SIM905
    assert len({family(emoji) for emoji in others}) == len(others)

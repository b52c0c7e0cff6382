from itertools import chain

from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.verses import Verse, deal_verses, read_verses


def verses(chapters: int, each: int = 5) -> list[Verse]:
    return [
        Verse(chapter=f"Book {chapter}", source=f"s {chapter} {number}", target=f"t {chapter} {number}")
        for chapter in range(chapters)
        for number in range(each)
    ]


def test_verses_that_both_have_and_are_short_enough_are_read_in_order(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("1 John 1:2\tb\n1 John 1:1\ta\n1 John 1:3\tc\n1 John 2:1\tlong\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("1 John 1:1\té\n1 John 1:2\tf\n1 John 2:1\tg\n", encoding="utf-8")
    found = read_verses(tmp_path / "a.txt", tmp_path / "b.txt", 3)
    assert found == [
        Verse(chapter="1 John 1", source="b", target="f"),
        Verse(chapter="1 John 1", source="a", target="é"),
    ]


def test_length_is_counted_in_bytes(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("1 John 1:1\té\n", encoding="utf-8")
    assert not read_verses(tmp_path / "a.txt", tmp_path / "a.txt", 1)


def test_chapters_stay_whole_and_nothing_is_lost() -> None:
    dealt = deal_verses(verses(40))
    chapters = [{verse.chapter for verse in dealt[split]} for split in Split]
    assert sum(map(len, chapters)) == len(set.union(*chapters)) == 40
    assert len(list(chain(*dealt.values()))) == 200


def test_what_a_later_split_repeats_of_either_side_is_left_out() -> None:
    plain = verses(40)
    first = deal_verses(plain)[Split.TRAIN][0]
    copied = [
        verse if number % 2 else Verse(chapter=verse.chapter, source=verse.source, target=first.target)
        for number, verse in enumerate(plain)
    ]
    dealt = deal_verses(copied)
    assert all(verse.target != first.target for split in (Split.VALIDATION, Split.TEST) for verse in dealt[split])
    assert len(dealt[Split.TEST]) in range(10, 20)


def test_punctuation_and_capitals_make_no_other_verse() -> None:
    plain = verses(40)
    first = deal_verses(plain)[Split.TRAIN][0]
    shouted = f"{first.target.upper()}!"
    copied = [
        verse if number % 2 or verse is first else Verse(chapter=verse.chapter, source=verse.source, target=shouted)
        for number, verse in enumerate(plain)
    ]
    dealt = deal_verses(copied)
    assert first in dealt[Split.TRAIN]
    assert all(verse.target != shouted for split in (Split.VALIDATION, Split.TEST) for verse in dealt[split])


def test_near_copies_of_an_earlier_split_are_left_out() -> None:
    long = "And it came to pass in those days, that the people of the land went out of the city, number "
    near = [Verse(chapter=f"Book {n}", source=f"{long}{n}", target=f"t{n}") for n in range(40)]
    dealt = deal_verses(near)
    assert len(dealt[Split.TRAIN]) == 28 and not dealt[Split.VALIDATION] and not dealt[Split.TEST]


def test_a_source_stands_once_in_a_split() -> None:
    twice = [Verse(chapter="Book 1", source="same", target=target) for target in ("a", "b")]
    assert [verse.target for verse in deal_verses(twice)[Split.TRAIN]] == ["a"]

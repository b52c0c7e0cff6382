"""Which emoji belong together: those that differ in skin, sex or hair, and all flags."""

_JOINER, _PICTURE, _KEYCAP = 0x200D, 0xFE0F, 0x20E3
_SKINS = range(0x1F3FB, 0x1F400)
_PERSONS = {0x1F468, 0x1F469, 0x1F9D1}  # man, woman, person
_SEXES = {0x2640, 0x2642}
_HAIR = range(0x1F9B0, 0x1F9B4)
_CHILDREN = {0x1F466, 0x1F467, 0x1F9D2}  # boy, girl, child
_HEART, _HANDS, _SHAKE, _EARS, _FIGHT = 0x2764, 0x1F91D, 0x1FAF1, 0x1F430, 0x1FAEF
_OLD, _CROWN, _CLAUS, _EXPECTING, _DANCER = 0x1F9D3, 0x1FAC5, 0x1F385, 0x1FAC4, 0x1F57A
_SAME = {
    0x1F48F: _HEART,  # kiss
    0x1F491: _HEART,  # couple with heart
    0x1F46B: _HANDS,
    0x1F46C: _HANDS,
    0x1F46D: _HANDS,
    _SHAKE: _HANDS,
    0x1F46F: _EARS,
    0x1F93C: _FIGHT,
    0x1F46A: min(_CHILDREN),  # family
    **dict.fromkeys(_CHILDREN, min(_CHILDREN)),
    0x1F474: _OLD,
    0x1F475: _OLD,
    0x1F478: _CROWN,  # princess
    0x1F934: _CROWN,  # prince
    0x1F936: _CLAUS,  # Mrs. Claus
    0x1F384: _CLAUS,  # a person with a tree is Mx Claus
    0x1F930: _EXPECTING,
    0x1FAC3: _EXPECTING,
    0x1F483: _DANCER,
}
"""Signs of one sex and of the other, and of several persons and what stands between them where each is written by itself."""
_FLAGS = range(0x1F1E6, 0x1F200)
_BLACK_FLAG, _TAGS = 0x1F3F4, range(0xE0020, 0xE0080)


def family(emoji: str) -> str:
    """A key that an emoji shares with its variants.

    What is left of it without joiners, skins, hair, sexes and persons gives the key by its first character: woman astronaut is one
    of the rockets. Two persons are one family whether they are one sign or each is written, and so are all families and children.
    Flags of countries and regions are one family, keys of a telephone are another, and persons without anything are a third.
    """
    points = [ord(character) for character in emoji]
    if points[0] in _FLAGS or (points[0] == _BLACK_FLAG and any(point in _TAGS for point in points)):
        return "flag"
    if _KEYCAP in points:
        return "keycap"
    left = [
        point for point in points if point not in {_JOINER, _PICTURE} and point not in _SKINS and point not in _HAIR
    ]
    kept = [point for point in left if point not in _PERSONS | _SEXES]
    if not kept:
        return chr(left[0]) if left and left[0] in _SEXES else "person"
    return chr(_SAME.get(kept[0], kept[0]))

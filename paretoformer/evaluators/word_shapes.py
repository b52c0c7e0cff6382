"""What can be seen of an English word that a vocabulary does not have: figures, capitals, its ending."""

_ENDINGS = (
    "'s", "ing", "ed", "ly", "tion", "ness", "ment", "ity", "est", "ous", "ive", "able", "ful", "less", "ism", "ist",
    "al", "ic", "er", "en", "es", "s", "y", "e",
)  # fmt: skip
_CAPITAL, _OTHER = "capital", "other"

SHAPES = (
    "figures",
    "signs",
    "hyphen",
    *(f"{_CAPITAL} -{ending}" for ending in ("'s", "s")),
    _CAPITAL,
    *(f"-{ending}" for ending in _ENDINGS),
    _OTHER,
)
"""Every shape."""


def shape(word: str) -> str:
    """The first shape that fits."""
    if any(letter.isdigit() for letter in word):
        return "figures"
    if not any(letter.isalpha() for letter in word):
        return "signs"
    if word[0].isupper():
        ending = next((ending for ending in ("'s", "s") if word.endswith(ending)), None)
        return _CAPITAL if ending is None else f"{_CAPITAL} -{ending}"
    if "-" in word:
        return "hyphen"
    ending = next((ending for ending in _ENDINGS if word.endswith(ending)), None)
    return _OTHER if ending is None else f"-{ending}"

"""Numbers as words, a digit each."""

DIGITS = tuple("0123456789")


def spelled(number: int) -> str:
    """`107` as `1 0 7`, `-3` as `- 3`."""
    return " ".join(str(number))

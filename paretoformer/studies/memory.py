"""Telling that memory ran out from other errors."""

SAID = ("out of memory", "can't allocate memory", "Cannot allocate memory")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python or torch says that memory ran out."""
    return isinstance(error, MemoryError) or any(text in str(error) for text in SAID)

"""Refusing options that no examples can be drawn for."""

from paretoformer.records.errors import UserError

_ROOM = 4


def check_range(what: str, value: float, low: float, high: float) -> None:
    """Let `value` pass from `low` to `high`, both included.

    Raises:
        UserError: it lies outside; `what` names it.
    """
    if not low <= value <= high:
        raise UserError(f"The {what} is {value}; it must be from {low} to {high}.")


def check_space(inputs: int, needed: int, raised: str) -> None:
    """Let a count of different inputs pass that is enough for splits of which none can be learned by heart.

    Args:
        inputs: how many there are.
        needed: how many examples are drawn.
        raised: the options that would give more, for the error.

    Raises:
        UserError: they are fewer than four times as many as are drawn.
    """
    if inputs < _ROOM * needed:
        raise UserError(
            f"These options have {inputs} different inputs, which could be learned by heart; "
            f"there must be at least {_ROOM * needed}: raise {raised}."
        )

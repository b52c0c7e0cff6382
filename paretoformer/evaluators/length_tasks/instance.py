"""One instance of a problem as text, words separated by spaces."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a scratchpad says of one step; None is left out, and an empty text says that nothing is there.

    Attributes:
        input: what the step reads.
        computation: the formula with names, and with their values.
        output: what it finds.
        variables: what is carried on to the next step.
        remaining: what is not yet read.
    """

    input: str | None = None
    computation: str | None = None
    output: str | None = None
    variables: str | None = None
    remaining: str | None = None


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A prompt, the answer that is wanted, and the steps to it where the problem has any; `size` says how large it is."""

    prompt: str
    answer: str
    size: int
    steps: tuple[Step, ...] = ()

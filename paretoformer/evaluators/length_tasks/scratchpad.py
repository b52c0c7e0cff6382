"""Steps written out before an answer, and read back."""

from dataclasses import dataclass, fields

from paretoformer.evaluators.length_tasks.instance import Step
from paretoformer.records.errors import UserError

MARKER = "Thus,"
"""The word after which the answer stands."""

WORDS = ("Thinking", "step", "by", "step:", "#", ".", MARKER, "in", "comp", "out", "[", "]", "re")
"""The words that a scratchpad adds to those of its problem."""

_OPENING = "Thinking step by step:"
_PARTS = {"i": "in", "c": "comp", "o": "out", "v": "[", "r": "re"}
_FIELDS = dict(zip(_PARTS, (field.name for field in fields(Step)), strict=True))
_FORMATS = {"full": "icovr", "minimal": "co"}


@dataclass(frozen=True, kw_only=True)
class Scratchpad:
    """The parts that each step shows: i(nput), c(omputation), o(utput), v(ariables), r(emaining input).

    "Thinking step by step: in A comp B out C [ D ] re E # ... . Thus, ANSWER". Source: paper 06, section 6 and appendix.
    """

    parts: str

    def __post_init__(self) -> None:
        if not self.parts or set(self.parts) - set(_PARTS) or len(set(self.parts)) < len(self.parts):
            raise UserError(
                f"The scratchpad is '{self.parts}'; it must be none, {', '.join(_FORMATS)}, or some of the letters "
                f"{', '.join(_PARTS)}, each once: input, computation, output, variables, remaining input."
            )

    @staticmethod
    def named(text: str) -> "Scratchpad | None":
        """The format that `text` names: full, minimal, letters of parts; None for none.

        Raises:
            UserError: it names none.
        """
        return None if text == "none" else Scratchpad(parts=_FORMATS.get(text, text))

    def shown(self, step: Step) -> Step:
        """The step with the parts that are not shown left out."""
        return Step(**{_FIELDS[letter]: getattr(step, _FIELDS[letter]) for letter in self.parts})

    def render(self, steps: tuple[Step, ...], answer: str) -> str:
        """Steps and answer as text."""
        shown = " # ".join(self._line(step) for step in steps)
        return " ".join(f"{_OPENING} {shown} . {MARKER} {answer}".split())

    def _line(self, step: Step) -> str:
        said = []
        for letter, keyword in _PARTS.items():
            content = getattr(step, _FIELDS[letter])
            if letter in self.parts and content is not None:
                said.append(f"{keyword} {content} ]" if keyword == "[" else f"{keyword} {content}")
        return " ".join(said)


def parse(text: str) -> tuple[tuple[Step, ...], str]:
    """The steps and the answer that `Scratchpad.render` wrote.

    Raises:
        ValueError: the text is not of that form.
    """
    opening, reasoning, rest = text.partition(_OPENING)
    steps, closing, answer = rest.partition(f" . {MARKER} ")
    if opening or not reasoning or not closing:
        raise ValueError(f"no steps and answer in: {text}")
    return tuple(_step(line) for line in steps.split(" # ")), answer


def _step(line: str) -> Step:
    names = {keyword: _FIELDS[letter] for letter, keyword in _PARTS.items()}
    found: dict[str, list[str]] = {}
    name = None
    for word in line.split():
        if word in names:
            name = names[word]
            found[name] = []
        elif word == "]":
            name = None
        elif name is None:
            raise ValueError(f"'{word}' belongs to no part of the step: {line}")
        else:
            found[name].append(word)
    return Step(**{part: " ".join(words) for part, words in found.items()})

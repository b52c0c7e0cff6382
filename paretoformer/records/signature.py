"""What a task asks of a model: the shape and kind of what goes in and of what comes out."""

from dataclasses import asdict, dataclass
from typing import Any

from paretoformer.records.canonical import digest


@dataclass(frozen=True, kw_only=True)
class TokenInput:
    """Sequences of token ids, (B, N) with N up to `length`, ids below `vocabulary`."""

    vocabulary: int
    length: int


@dataclass(frozen=True, kw_only=True)
class ImageInput:
    """Images, (B, channels, height, width)."""

    channels: int
    height: int
    width: int


@dataclass(frozen=True, kw_only=True)
class SeriesInput:
    """Sequences of numbers, (B, N, channels) with N up to `length` steps."""

    channels: int
    length: int


@dataclass(frozen=True, kw_only=True)
class ClassOutput:
    """One of `classes` labels for a whole input: logits (B, classes)."""

    classes: int

    @property
    def columns(self) -> int:
        """Numbers that a head gives."""
        return self.classes


@dataclass(frozen=True, kw_only=True)
class NumberOutput:
    """Numbers for a whole input: (B, numbers)."""

    numbers: int

    @property
    def columns(self) -> int:
        """Numbers that a head gives."""
        return self.numbers


@dataclass(frozen=True, kw_only=True)
class LabelOutput:
    """One of `classes` labels for every token or step: logits (B, N, classes); `causal` where none may know what comes later."""

    classes: int
    causal: bool = False

    @property
    def columns(self) -> int:
        """Numbers that a head gives for each."""
        return self.classes


@dataclass(frozen=True, kw_only=True)
class SeriesOutput:
    """Numbers for every token or step: (B, N, numbers); `causal` where none may know what comes later."""

    numbers: int
    causal: bool = False

    @property
    def columns(self) -> int:
        """Numbers that a head gives for each."""
        return self.numbers


@dataclass(frozen=True, kw_only=True)
class TokenOutput:
    """The next token at every position: logits (B, N, vocabulary)."""

    vocabulary: int

    @property
    def columns(self) -> int:
        """Numbers that a head gives for each position."""
        return self.vocabulary


@dataclass(frozen=True, kw_only=True)
class DenseOutput:
    """Numbers for every pixel of the input and of the source: (B, 2, channels, height, width)."""

    channels: int

    @property
    def columns(self) -> int:
        """Numbers that a head gives for each pixel."""
        return self.channels


Input = TokenInput | SeriesInput | ImageInput
Output = ClassOutput | NumberOutput | LabelOutput | SeriesOutput | TokenOutput | DenseOutput
_KINDS: dict[str, type[Any]] = {
    "tokens": TokenInput,
    "series": SeriesInput,
    "image": ImageInput,
    "class": ClassOutput,
    "number": NumberOutput,
    "label": LabelOutput,
    "number-series": SeriesOutput,
    "next-token": TokenOutput,
    "dense": DenseOutput,
}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Input and output of a task. Its digest names it in the store.

    `source` is what is read beside the input where a task has two: the text to translate, the image to caption, the other view.
    """

    input: Input
    output: Output
    source: Input | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back."""
        value = {"input": _tagged(self.input), "output": _tagged(self.output)}
        return value if self.source is None else {**value, "source": _tagged(self.source)}

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Signature":
        """Read what `to_json` wrote."""
        source = _untagged(value["source"]) if "source" in value else None
        return Signature(input=_untagged(value["input"]), output=_untagged(value["output"]), source=source)

    @property
    def whole(self) -> bool:
        """Whether it asks something of a whole input, and not of each token or pixel."""
        return isinstance(self.output, ClassOutput | NumberOutput)

    @property
    def causal(self) -> bool:
        """Whether what is asked of a token may not know what comes after it."""
        return isinstance(self.output, TokenOutput) or getattr(self.output, "causal", False)

    @property
    def outputs(self) -> int:
        """How many numbers a model gives for one example."""
        if self.whole:
            return self.output.columns
        if isinstance(self.input, ImageInput):
            return 2 * self.output.columns * self.input.height * self.input.width
        return self.input.length * self.output.columns

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return digest(self.to_json())

    @property
    def brief(self) -> str:
        """Sizes alone, for a column of a table."""
        beside = f" beside {_size(self.source)}" if self.source else ""
        return f"{_size(self.input)}{beside}, {_wanted(self.output)}"

    def __str__(self) -> str:
        beside = f" beside {_given(self.source)}" if self.source else ""
        return f"{_given(self.input)}{beside}, asking for {_wanted(self.output)}"


def _given(part: Input) -> str:
    if isinstance(part, ImageInput):
        return f"a grid of {_size(part)}"
    return f"a {'sequence' if isinstance(part, TokenInput) else 'series'} of up to {_size(part)}"


def _size(part: Input) -> str:
    if isinstance(part, ImageInput):
        return f"{part.height} x {part.width} pixels"
    return (
        f"{part.length} tokens" if isinstance(part, TokenInput) else f"{part.length} steps of {_numbers(part.channels)}"
    )


def _wanted(part: Output) -> str:
    match part:
        case ClassOutput():
            return f"{part.classes} classes"
        case NumberOutput():
            return _numbers(part.numbers)
        case LabelOutput():
            return f"one of {part.classes} labels a token{_so_far(part)}"
        case SeriesOutput():
            return f"{_numbers(part.numbers)} a token{_so_far(part)}"
        case TokenOutput():
            return "the next token"
        case DenseOutput():
            return f"{_numbers(part.channels)} a pixel"


def _so_far(part: LabelOutput | SeriesOutput) -> str:
    return " by what came before" if part.causal else ""


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _tagged(part: Input | Output) -> dict[str, Any]:
    kind = next(name for name, cls in _KINDS.items() if isinstance(part, cls))
    return {"kind": kind, **asdict(part)}


def _untagged(value: dict[str, Any]) -> Any:
    fields = dict(value)
    return _KINDS[fields.pop("kind")](**fields)

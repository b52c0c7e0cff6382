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
class ClassOutput:
    """One of `classes` labels for a whole input: logits (B, classes)."""

    classes: int


@dataclass(frozen=True, kw_only=True)
class TokenOutput:
    """The next token at every position: logits (B, N, vocabulary)."""

    vocabulary: int


@dataclass(frozen=True, kw_only=True)
class DenseOutput:
    """Numbers for every pixel of the input and of the source: (B, 2, channels, height, width)."""

    channels: int


Input = TokenInput | ImageInput
Output = ClassOutput | TokenOutput | DenseOutput
_KINDS: dict[str, type[Any]] = {
    "tokens": TokenInput,
    "image": ImageInput,
    "class": ClassOutput,
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
    def outputs(self) -> int:
        """How many numbers a model gives for one example."""
        if isinstance(self.output, ClassOutput):
            return self.output.classes
        if isinstance(self.output, TokenOutput):
            assert isinstance(self.input, TokenInput), "next tokens are asked of tokens"
            return self.input.length * self.output.vocabulary
        assert isinstance(self.input, ImageInput), "numbers a pixel are asked of images"
        return 2 * self.output.channels * self.input.height * self.input.width

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
    return f"a sequence of up to {_size(part)}" if isinstance(part, TokenInput) else f"a grid of {_size(part)}"


def _size(part: Input) -> str:
    return f"{part.length} tokens" if isinstance(part, TokenInput) else f"{part.height} x {part.width} pixels"


def _wanted(part: Output) -> str:
    if isinstance(part, ClassOutput):
        return f"{part.classes} classes"
    return "the next token" if isinstance(part, TokenOutput) else f"{part.channels} numbers a pixel"


def _tagged(part: Input | Output) -> dict[str, Any]:
    kind = next(name for name, cls in _KINDS.items() if isinstance(part, cls))
    return {"kind": kind, **asdict(part)}


def _untagged(value: dict[str, Any]) -> Any:
    fields = dict(value)
    return _KINDS[fields.pop("kind")](**fields)

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


Input = TokenInput | ImageInput
Output = ClassOutput | TokenOutput
_KINDS: dict[str, type[Any]] = {
    "tokens": TokenInput,
    "image": ImageInput,
    "class": ClassOutput,
    "next-token": TokenOutput,
}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Input and output of a task. Its digest names it in the store."""

    input: Input
    output: Output

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back."""
        return {"input": _tagged(self.input), "output": _tagged(self.output)}

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Signature":
        """Read what `to_json` wrote."""
        return Signature(input=_untagged(value["input"]), output=_untagged(value["output"]))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return digest(self.to_json())

    def __str__(self) -> str:
        if isinstance(self.input, TokenInput):
            given = f"a sequence of up to {self.input.length} tokens"
        else:
            given = f"a grid of {self.input.height} x {self.input.width} pixels"
        wanted = f"{self.output.classes} classes" if isinstance(self.output, ClassOutput) else "the next token"
        return f"{given}, asking for {wanted}"


def _tagged(part: Input | Output) -> dict[str, Any]:
    kind = next(name for name, cls in _KINDS.items() if isinstance(part, cls))
    return {"kind": kind, **asdict(part)}


def _untagged(value: dict[str, Any]) -> Any:
    fields = dict(value)
    return _KINDS[fields.pop("kind")](**fields)

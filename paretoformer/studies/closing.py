"""How far the end of a study is, and what went wrong there, as it stands in the study's row."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A figure of a front member that could not be measured anew, so that the old one stands."""

    trial: int
    target: str
    reason: str

    @property
    def sentence(self) -> str:
        """The whole of it in words."""
        return f"trial {self.trial} keeps its first figures on {self.target}: {self.reason.rstrip('.')}"


@dataclass(frozen=True, kw_only=True)
class Closing:
    """`done` of `of` members have taken the step; `step` is None once there is nothing left to do."""

    step: str | None = None
    done: int = 0
    of: int = 0
    kept: tuple[Kept, ...] = ()

    @property
    def sentence(self) -> str | None:
        """What is going on; None where nothing is."""
        return None if self.step is None else f"{self.step}: {self.done} of {self.of}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that `from_json` reads back."""
        return asdict(self) | {"kept": [asdict(each) for each in self.kept]}

    @staticmethod
    def from_json(value: dict[str, Any] | None) -> "Closing":
        """Read what `to_json` wrote; of a study whose end has not begun, nothing."""
        value = value or {}
        return Closing(**value | {"kept": tuple(Kept(**each) for each in value.get("kept", ()))})

"""The contract of meters: what a cost costs in visits, how one visit is made, what visits together say."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

from paretoformer.hardware_models.analytic import ROOFLINE
from paretoformer.hardware_models.calibration import Calibration
from paretoformer.records.canonical import digest
from paretoformer.records.errors import Unavailable
from paretoformer.records.measurement import Measurement, Provenance
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target
from paretoformer.search_spaces.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is measured: an untrained model, named by what it is built from."""

    architecture: Architecture
    signature: Signature

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return {"architecture": self.architecture.to_json(), "signature": self.signature.to_json()}

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Subject":
        """Read what `to_json` wrote."""
        return Subject(
            architecture=Architecture.from_json(value["architecture"]),
            signature=Signature.from_json(value["signature"]),
        )


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What one visit found: raw readings by quantity, and the circumstances. Plain JSON throughout.

    Visits of one subject may be minutes apart and come from several processes; `Meter.summarise` puts them together.
    """

    method: str
    method_version: int
    target: str
    readings: dict[str, Any]
    conditions: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object that `from_json` reads back."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Visit":
        """Read what `to_json` wrote."""
        return Visit(**value)


@dataclass(frozen=True, kw_only=True)
class Meter(ABC):
    """A method of finding costs. Fields are its settings, which travel to the measuring process.

    `method` and `method_version` name what is found; the version is raised when the same model would give other figures.
    `visits_before` training are enough to gate on; `visits_after` more are made later, to spread them over time. These
    are a round; a measurement that comes out noisy is put together from all of up to `rounds`.
    `fresh` meters are visited in a process of their own.
    """

    method: ClassVar[str]
    method_version: ClassVar[int]
    quantities: ClassVar[tuple[str, ...]]
    provenance: ClassVar[Provenance] = Provenance.MEASURED
    visits_before: ClassVar[int] = 1
    visits_after: ClassVar[int] = 0
    rounds: ClassVar[int] = 2
    fresh: ClassVar[bool] = True

    def gives(self, target: Target) -> tuple[str, ...]:
        """The quantities that a workload has; all of them unless the meter knows better."""
        return self.quantities

    def check(self, target: Target) -> None:
        """Pass if the quantities can be supplied on the filled target: nothing runs on one that is modelled.

        Raises:
            Unavailable: they cannot; says what is missing.
        """
        if target.runtime == ROOFLINE and self.provenance is Provenance.MEASURED:
            raise Unavailable(f"nothing is run by runtime {ROOFLINE}, so that there is nothing to measure")
        self.available(target)

    @abstractmethod
    def available(self, target: Target) -> None:
        """Pass if this machine can supply the quantities on the filled target.

        Raises:
            Unavailable: it cannot; says what is missing.
        """

    @abstractmethod
    def prepare(self, subject: Subject, target: Target) -> Callable[[], Visit]:
        """Build and warm up in this process, which may take as long as it needs; the call that it returns is the visit.

        Only that call needs the device to itself.

        Raises:
            UserError: the subject cannot be built.
        """

    def visit(self, subject: Subject, target: Target) -> Visit:
        """Prepare and make one visit in this process."""
        return self.prepare(subject, target)()

    @abstractmethod
    def summarise(self, visits: Sequence[Visit], calibration: Calibration | None = None) -> tuple[Measurement, ...]:
        """One measurement for each quantity, from one or more visits of the same subject on the same target.

        Raises:
            ValueError: no visits, visits of another method or of several targets, or a calibration that is missing or
                of another reference.
        """

    @property
    def made_by(self) -> str:
        """The method with its version, as its measurements tell it."""
        return f"{self.method} {self.method_version}"

    @property
    def visits(self) -> int:
        """How many visits a round has."""
        return self.visits_before + self.visits_after

    def to_json(self) -> dict[str, Any]:
        """The settings."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**value)

    def of_one_subject(self, visits: Sequence[Visit]) -> str:
        """The target that the visits share.

        Raises:
            ValueError: none, or they do not belong together.
        """
        origins = {(visit.method, visit.method_version, visit.target) for visit in visits}
        if len(origins) != 1:
            raise ValueError(f"{self.method}: visits of one target and method are needed; got {sorted(origins)}")
        method, version, target = origins.pop()
        if (method, version) != (self.method, self.method_version):
            raise ValueError(f"{self.method} version {self.method_version} cannot read visits of {method} {version}")
        return target

    @property
    def key(self) -> str:
        """Digest of method, version and settings: visits and measurements under one key are comparable."""
        return digest([self.method, self.method_version, self.to_json()])

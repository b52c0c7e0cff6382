"""What the store hands out: one frozen record for a row of each table."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from paretoformer.records.measurement import Measurement
from paretoformer.records.trial import Point, TrialState

Json = dict[str, Any]
"""A plain JSON object."""


class StudyState(StrEnum):
    """Whether a study still searches; it has ended once its front was scored on the test split."""

    RUNNING = "running"
    ENDED = "ended"


class RunState(StrEnum):
    """Where a run stands; a stopped one has the scores of its rungs and could go on."""

    RUNNING = "running"
    STOPPED = "stopped"
    COMPLETE = "complete"
    FAILED = "failed"


class WorkerState(StrEnum):
    """What a worker said of itself last."""

    RUNNING = "running"
    LEFT = "left"


@dataclass(frozen=True, kw_only=True)
class StudyRow:
    """A study; `trials` and `outcomes` count its numbered and its ended trials, `created` is wall-clock seconds.

    `closing` says how far its end is, and what went wrong there.
    """

    id: int
    name: str
    spec: Json
    created: float
    seed: int
    reference: tuple[float, ...] | None
    state: StudyState
    trials: int
    outcomes: int
    closing: Json | None = None


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """A trial, numbered from 1; `history` is the last outcome it may learn from, `outcome` its own place among the ends.

    `values` follow the objectives, oriented so that smaller is better. `owner` is a worker's id, None once released.
    Every write is guarded by `owner` and `epoch` as they stand here; `deaths` counts owners that died at it since it last got on, not
    those that handed it back. `seconds` says what the time was spent on; `started` and `ended` are wall-clock seconds.
    `joules` says what a counter advanced meanwhile, or under `unknown` why there is none; None where nothing was read.
    """

    id: int
    study: int
    number: int
    history: int
    state: TrialState
    reason: str | None
    point: Point | None
    architecture: str | None
    run: int | None
    values: tuple[float, ...]
    violations: dict[str, float]
    memo: Json | None
    seconds: dict[str, float]
    owner: str | None
    epoch: int
    deaths: int
    heartbeat: int
    outcome: int | None
    started: float
    ended: float | None
    joules: Json | None = None


@dataclass(frozen=True, kw_only=True)
class FrontMemberRow:
    """A member of a study's front on a target, None of the front over all; `trial` is the trial's id."""

    target: str | None
    trial: int
    rank: int
    tied: bool


@dataclass(frozen=True, kw_only=True)
class LiveTrial:
    """What an heir watches of a trial that has not ended: the heartbeat counter of its owner."""

    id: int
    number: int
    owner: str | None
    epoch: int
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A training; digests name its model, task and recipe; `seconds` and `error` are None until it ends."""

    id: int
    key: str
    architecture: str
    signature: str
    task: str
    recipe: str
    seed: int
    state: RunState
    seconds: float | None
    error: str | None


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """A task's spec and the hash of its data."""

    digest: str
    spec: Json
    data_hash: str


@dataclass(frozen=True, kw_only=True)
class DeviceRow:
    """A device's name and what it was recognised by."""

    digest: str
    name: str
    fingerprint: Json


@dataclass(frozen=True, kw_only=True)
class MeasurementKey:
    """A model on a target of a device, by one version of one method; digests name architecture, signature, device."""

    architecture: str
    signature: str
    device: str
    target: str
    method: str
    method_version: int


@dataclass(frozen=True, kw_only=True)
class MeasurementRow:
    """A measurement with the model and the device that it belongs to; `created` is wall-clock seconds."""

    id: int
    architecture: str
    signature: str
    device: str
    measurement: Measurement
    created: float


@dataclass(frozen=True, kw_only=True)
class CalibrationKey:
    """A reference model's timing: on which device and target, for which signature family, by which method."""

    device: str
    target: str
    family: str
    method: str
    method_version: int


@dataclass(frozen=True, kw_only=True)
class VisitRow:
    """One visit of a measurement, made for `trial` (None where for none, or where that study was deleted)."""

    id: int
    trial: int | None
    result: Json
    created: float


@dataclass(frozen=True, kw_only=True)
class ArtifactRow:
    """A file made of a study or of one of its trials; `verified` once its proof has passed."""

    id: int
    study: int
    trial: int | None
    kind: str
    file: str
    sha256: str
    verified: bool
    created: float


@dataclass(frozen=True, kw_only=True)
class WorkerRow:
    """A process that works on a study; `id` is the owner of its trials, times are wall-clock seconds."""

    id: str
    study: int
    host: str
    pid: int
    process_started: float
    version: str
    started: float
    heartbeat: int
    state: WorkerState


@dataclass(frozen=True, kw_only=True)
class StationRow:
    """The process that measures on `host` for others; `started` is wall-clock seconds."""

    host: str
    id: str
    pid: int
    version: str
    started: float
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class QuestionRow:
    """What is asked of a station and waits for its answer."""

    id: int
    kind: str
    asked: Json

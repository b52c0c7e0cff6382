"""Everything a search finds out, in SQL."""

from paretoformer.store.errors import LeaseLost, StoreFull, StoreUnavailable
from paretoformer.store.rows import (
    ArtifactRow,
    CalibrationKey,
    DeviceRow,
    FrontMemberRow,
    LiveTrial,
    MeasurementKey,
    MeasurementRow,
    QuestionRow,
    RunRow,
    RunState,
    StationRow,
    StudyRow,
    StudyState,
    TaskRow,
    TrialRow,
    VisitRow,
    WorkerRow,
    WorkerState,
)
from paretoformer.store.store import Store

__all__ = [
    "ArtifactRow",
    "CalibrationKey",
    "DeviceRow",
    "FrontMemberRow",
    "LeaseLost",
    "LiveTrial",
    "MeasurementKey",
    "MeasurementRow",
    "QuestionRow",
    "RunRow",
    "RunState",
    "StationRow",
    "Store",
    "StoreFull",
    "StoreUnavailable",
    "StudyRow",
    "StudyState",
    "TaskRow",
    "TrialRow",
    "VisitRow",
    "WorkerRow",
    "WorkerState",
]

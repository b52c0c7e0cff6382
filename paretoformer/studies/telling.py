"""Telling in one sentence which sampled architecture cannot be had here, and why."""

from collections.abc import Iterator
from contextlib import contextmanager

from paretoformer.evaluators.trainer import TrainingFailed
from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.studies.memory import out_of_memory
from paretoformer.studies.spec import StudySpec

PLACES = ("smallest", "middle", "largest")
"""Which of a survey's architectures a pre-flight looks at."""


def refusal(spec: StudySpec, place: str, done: str, reason: object) -> UserError:
    """The error for an architecture that cannot be `done` here."""
    which = f"The {place} sampled architecture of space {spec.space.name} cannot be {done} here"
    return UserError(f"{which}: {str(reason).rstrip('.')}.")


@contextmanager
def told(spec: StudySpec, place: str, done: str) -> Iterator[None]:
    """Turn what ends the block into that error; what the target cannot run is for the caller.

    Raises:
        UserError: it could not be measured or trained, or memory ran out.
    """
    try:
        yield
    except CannotRun:
        raise
    except (MeasuringFailed, TrainingFailed, Unavailable) as error:
        raise refusal(spec, place, done, error) from error
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise refusal(spec, place, done, "memory runs out; give a space of smaller ones") from error

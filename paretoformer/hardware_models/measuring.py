"""Visits and calibrations from beginning to end, for callers that need nothing between the steps."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from paretoformer.hardware_models.calibration import Calibration
from paretoformer.hardware_models.converting import convert, converts
from paretoformer.hardware_models.fresh_process import FreshVisit
from paretoformer.hardware_models.meters.base import Meter, Subject, Visit
from paretoformer.hardware_models.meters.latency import LatencyMeter
from paretoformer.hardware_models.reference import reference_for
from paretoformer.hardware_models.room import computed
from paretoformer.records.measurement import Measurement
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target

Lease = Callable[[], AbstractContextManager[object]]
"""Gives a context within which the device is ours alone."""
MakeVisit = Callable[[Meter, Subject, Target], Visit]


def take_visit(meter: Meter, subject: Subject, target: Target, *, lease: Lease = nullcontext) -> Visit:
    """One visit: in a fresh process under the lease, or here where the meter only computes.

    Raises:
        MeasuringFailed: the process died, failed or took too long.
        Unavailable: this machine cannot supply the cost.
    """
    if not meter.fresh:
        return computed(meter, subject, target)
    if converts(target):
        convert(subject, target)
    with FreshVisit(meter, subject, target) as visit:
        visit.ready()
        with lease():
            return visit.measure()


def calibrate(
    target: Target,
    signature: Signature,
    *,
    meter: LatencyMeter | None = None,
    visits: int = 4,
    make_visit: MakeVisit = take_visit,
) -> Calibration:
    """Time the reference of the signature's family by itself, in visits of its own; to be stored and reused.

    Raises:
        MeasuringFailed: a visit failed.
    """
    meter = meter or LatencyMeter()
    assert target.workload
    reference = reference_for(signature, target.workload)
    subject = Subject(architecture=reference.architecture, signature=reference.signature)
    return meter.calibrate([make_visit(meter, subject, target) for _ in range(visits)])


def measure(
    meter: Meter,
    subject: Subject,
    target: Target,
    *,
    calibration: Calibration | None = None,
    make_visit: MakeVisit = take_visit,
) -> tuple[Measurement, ...]:
    """The visits of one round one after the other, summarised.

    Args:
        meter: available on the target.
        subject: what to measure.
        target: filled.
        calibration: of the target, for a meter that is calibrated.
        make_visit: one visit.

    Raises:
        MeasuringFailed: a visit failed.
        Unavailable: this machine cannot supply the cost.
    """
    return meter.summarise([make_visit(meter, subject, target) for _ in range(meter.visits)], calibration)

"""What a visit runs, converted ahead of it: neither its preparation nor its measurement should wait for that."""

from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.latency import MODEL_SEED, REFERENCE_SEED
from paretoformer.hardware_models.reference import reference_for
from paretoformer.records.target import Target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.registry import runtime


class CannotRun(MeasuringFailed):
    """The target cannot run the subject: another architecture may be measured there."""


class ConversionFailed(CannotRun):
    """Its runtime cannot, whatever the machine."""


def converts(target: Target) -> bool:
    """Whether the target's runtime keeps what it makes of a model, so that making it ahead is worth while."""
    return runtime(_named(target)).converts


def convert(subject: Subject, target: Target) -> None:
    """Have the runtime convert subject and reference, each in a process of its own and only where it was not done before.

    Raises:
        ConversionFailed: the runtime cannot run the subject; says what stands in the way.
    """
    assert target.workload
    run, reference = runtime(_named(target)), reference_for(subject.signature, target.workload)
    try:
        run.convert(subject.architecture, subject.signature, target, seed=MODEL_SEED)
        run.convert(reference.architecture, reference.signature, target, seed=REFERENCE_SEED)
    except NotConvertible as error:
        raise ConversionFailed(f"{target}: {error}.") from error


def _named(target: Target) -> str:
    assert target.runtime, "targets are filled before they are measured on"
    return target.runtime

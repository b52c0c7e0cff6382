"""Targets made complete for a signature, and checked against this machine."""

from paretoformer.hardware_models.analytic import ROOFLINE
from paretoformer.hardware_models.devices import device_names, no_such_device, usable_cores
from paretoformer.hardware_models.modelled_targets import is_modelled, modelled_problem, with_defaults
from paretoformer.records.errors import UserError
from paretoformer.records.signature import ImageInput, Signature, TokenOutput
from paretoformer.records.target import Target, Workload
from paretoformer.runtimes.registry import runtime, runtime_names


def fill(target: Target, signature: Signature) -> Target:
    """The target with no empty field: eager, fp32, one thread, and one whole input of the signature.

    A device of a datasheet has runtime roofline, and all its cores for threads.

    SEQ of a prefill counts tokens of a sequence. How many tokens an image becomes is the architecture's choice, so for
    images SEQ is 1: the image. `prefill/32/1` is 32 images at once.

    Raises:
        UserError: no such device, a runtime that it lacks, a precision that it cannot run or has no rate for, more threads
            than cores, a workload beyond the maximum length, or one that the signature does not have.
    """
    modelled = is_modelled(target)
    filled = (with_defaults(target) if modelled else target).filled(default_workload(signature))
    for check in (modelled_problem,) if modelled else _CHECKS:
        problem = check(filled)
        if problem:
            raise UserError(f"{target}: {problem}.")
    problem = _workload_problem(filled, signature)
    if problem:
        raise UserError(f"{target}: {problem}.")
    return filled


def default_workload(signature: Signature) -> Workload:
    """One sequence of the maximum length, or one image."""
    given = signature.input
    return Workload(kind="prefill", batch=1, length=1 if isinstance(given, ImageInput) else given.length)


def _device_problem(target: Target) -> str | None:
    return None if target.device in device_names() else no_such_device(target.device)


def _runtime_problem(target: Target) -> str | None:
    assert target.runtime
    if target.runtime in runtime_names():
        return runtime(target.runtime).problem(target.device)
    here = [name for name in runtime_names() if runtime(name).problem(target.device) is None]
    return f"'{target.runtime}' is not a runtime of this device; it has {', '.join([*here, ROOFLINE])}"


def _precision_problem(target: Target) -> str | None:
    assert target.runtime and target.precision
    reason = runtime(target.runtime).precision_problem(target.device, target.precision)
    return f"'{target.precision}' cannot be used here: {reason}" if reason else None


def _threads_problem(target: Target) -> str | None:
    cores = usable_cores()
    assert target.threads
    return (
        f"{target.threads} threads are more than the {cores} cores that can be used here"
        if target.threads > cores
        else None
    )


_CHECKS = (_device_problem, _runtime_problem, _precision_problem, _threads_problem)


def _workload_problem(target: Target, signature: Signature) -> str | None:
    workload, given = target.workload, signature.input
    assert workload
    if workload.kind == "decode" and not isinstance(signature.output, TokenOutput):
        return f"'{workload}' decodes, and the task gives {signature}; use {default_workload(signature)}"
    if isinstance(given, ImageInput):
        return (
            None
            if workload.length == 1
            else f"'{workload}' counts tokens, and the task gives images; use prefill/BATCH/1"
        )
    tokens = workload.length + workload.new
    if tokens > given.length:
        return f"'{workload}' needs {tokens} tokens, and the task gives {signature}; use at most {given.length}"
    return None

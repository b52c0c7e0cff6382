"""Before a search: how large the space is, what it costs, whether bounds can be met, how long it will take."""

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from paretoformer.evaluators.examples import Split
from paretoformer.hardware_models.converting import CannotRun
from paretoformer.hardware_models.devices import training_device
from paretoformer.hardware_models.free_memory import free_bytes
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.room import has_room
from paretoformer.records.costs import COSTS
from paretoformer.search_spaces.build import build
from paretoformer.store import Store
from paretoformer.studies.counted import CostRange, Counted, counted_ranges, range_of
from paretoformer.studies.lease import Lease
from paretoformer.studies.measurer import Costs, Measurer
from paretoformer.studies.planning import Plan, Request, plan
from paretoformer.studies.spec import Column, StudySpec
from paretoformer.studies.survey import Sampled, Survey, survey
from paretoformer.studies.telling import PLACES, refusal, told
from paretoformer.studies.threads import one_thread
from paretoformer.studies.training_memory import TrainingMemory, training_memory
from paretoformer.studies.training_time import TrainingTimer
from paretoformer.studies.verdicts import activation_bytes, verdicts

TRIED = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Places of the architectures that are tried one after another, where a target cannot run those before."""


@dataclass(frozen=True, kw_only=True)
class Preflight(Counted):
    """What is known before the first trial, of measured costs too.

    `reference` is the hypervolume's reference point: the constant predictor's scores, and 1.1 times the largest costs.
    `largest` is what training the largest sampled architecture takes, which nobody tried. `without_room` of the sampled
    take more memory than a board has, by its datasheet.
    """

    without_room: int
    largest: TrainingMemory
    reference: tuple[float, ...]
    training_seconds: float
    measuring_seconds: float

    def hours(self, trials: int, workers: int = 1) -> float:
        """Estimated hours of so many trials of the middle architecture; a measurement holds up every worker."""
        return trials * (self.training_seconds / workers + self.measuring_seconds) / 3600


def profile(request: Request) -> Preflight:
    """Look before searching; nothing is stored.

    Raises:
        UserError: what `plan` finds, or a space without a valid point.
    """
    planned = plan(request)
    with Store.open("sqlite://") as store:
        return preflight(planned, survey(planned.spec), store)


def preflight(
    planned: Plan,
    found: Survey,
    store: Store,
    *,
    lease: Lease | None = None,
    free: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Preflight:
    """Measure the least, middle and largest points of a survey, and time a few training steps of the middle one.

    Whether there is memory to train the middle one is counted first.

    Args:
        planned: the checked request, and who measures.
        found: a survey of its space.
        store: where the visits are kept, for trials that come to the same architectures.
        lease: of this host's processor, for training.
        free: bytes of memory for training; those that are free here unless given.
        clock: seconds.

    Raises:
        UserError: one of them cannot be measured or trained here, for want of memory for example.
    """
    spec, device = planned.spec, training_device()
    free = free_bytes(device) if free is None else free
    roomy = _with_room(spec, found.valid)
    middle = len(roomy) // 2
    scored = max(len(planned.task.examples(split)) for split in (Split.VALIDATION, Split.TEST))
    _check_memory(spec, roomy[middle], free, scored)
    lease = lease or Lease()
    measurer = Measurer(store, spec, planned.station)
    began = clock()
    nearest = (roomy, roomy[middle:], roomy[::-1])
    ends, measured = zip(
        *(
            _first_measured(measurer, store, spec, [tried[at] for at in TRIED if at < len(tried)], place)
            for tried, place in zip(nearest, PLACES, strict=True)
        ),
        strict=True,
    )
    measuring = (clock() - began) / len(ends)
    _check_memory(spec, ends[1], free, scored)
    with told(spec, PLACES[1], "trained"):
        training = _training_seconds(planned, ends[1], lease, device, clock)
    return Preflight(
        space=spec.space.name,
        size=spec.space.count(),
        survey=found,
        costs=(*counted_ranges(spec, found), *_ranges(spec, measured)),
        verdicts=verdicts(spec, found, ends, measured, planned.task.constant_scores()),
        without_room=len(found.valid) - len(roomy),
        largest=training_memory(spec, found.valid[-1].architecture, free, scored=scored),
        reference=tuple(column.oriented(_worst(planned, found, measured, column)) for column in spec.columns),
        training_seconds=training,
        measuring_seconds=2 * measuring,
    )


def _with_room(spec: StudySpec, valid: Sequence[Sampled]) -> Sequence[Sampled]:
    """Those that every board has room for, where memory grows with MACs; all where the smallest has none, and is refused."""

    def lacks(sampled: Sampled) -> bool:
        subject = Subject(architecture=sampled.architecture, signature=spec.signature)
        return not all(has_room(subject, target) for target in spec.targets)

    return valid[: bisect_left(valid, True, key=lacks)] or valid


def _check_memory(spec: StudySpec, middle: Sampled, free: int, scored: int) -> None:
    """Before a system out of memory ends this process without a word."""
    memory = training_memory(spec, middle.architecture, free, scored=scored)
    if not memory.fits:
        raise refusal(spec, PLACES[1], "trained", f"{memory}; {memory.advice}")


def _first_measured(
    measurer: Measurer, store: Store, spec: StudySpec, tried: Sequence[Sampled], place: str
) -> tuple[Sampled, Costs]:
    """The first of these that every target's runtime can run, and what it costs there."""
    for sampled in tried[:-1]:
        with suppress(CannotRun):
            return sampled, _measured(measurer, store, spec, sampled, place)
    try:
        return tried[-1], _measured(measurer, store, spec, tried[-1], place)
    except CannotRun as error:
        raise refusal(spec, place, "measured", error) from error


def _measured(measurer: Measurer, store: Store, spec: StudySpec, sampled: Sampled, place: str) -> Costs:
    store.architectures.put(sampled.architecture.digest, sampled.architecture.to_json())
    store.signatures.put(spec.signature.digest, spec.signature.to_json())
    with told(spec, place, "measured"):
        return measurer.before_training(Subject(architecture=sampled.architecture, signature=spec.signature))


def _ranges(spec: StudySpec, measured: Sequence[Costs]) -> list[CostRange]:
    ranges = []
    for name, target in spec.target_costs:
        values = [costs[name, str(target)].value for costs in measured]
        named = f"{name}[{target}]"
        ranges.append(replace(range_of(name, str(spec.provenance[named]), values), name=named))
    return ranges


def _worst(planned: Plan, found: Survey, measured: Sequence[Costs], column: Column) -> float:
    if column.target:
        return 1.1 * max(costs[column.name, str(column.target)].value for costs in measured)
    if column.name == "activation_bytes":
        return 1.1 * activation_bytes(planned.spec, found.valid[-1])
    if column.name in COSTS:
        return 1.1 * max(each.counts[column.name] for each in found.valid)
    return planned.task.constant_scores()[column.name]


def _training_seconds(planned: Plan, middle: Sampled, lease: Lease, device: str, clock: Callable[[], float]) -> float:
    """Seconds of a trial's trainings."""
    spec = planned.spec
    timer = TrainingTimer(
        model=build(middle.architecture, spec.signature, seed=0),
        macs=middle.counts["macs"],
        task=planned.task,
        device=device,
        wait=lease.step,
        clock=clock,
    )
    with lease.shared(), one_thread():
        return spec.replicates * timer.seconds(spec.recipe)

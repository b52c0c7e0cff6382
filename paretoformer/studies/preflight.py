"""Before a search: how large the space is, what it costs, whether bounds can be met, how long it will take."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from paretoformer.evaluators.trainer import Trainer, TrainingFailed
from paretoformer.hardware_models.converting import ConversionFailed
from paretoformer.hardware_models.devices import training_device
from paretoformer.hardware_models.fresh_process import MeasuringFailed
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.search_spaces.build import build
from paretoformer.store import Store
from paretoformer.studies.lease import Lease
from paretoformer.studies.measurer import Costs, Measurer
from paretoformer.studies.memory import out_of_memory
from paretoformer.studies.planning import Plan, Request, plan
from paretoformer.studies.spec import Column, StudySpec
from paretoformer.studies.survey import Sampled, Survey, survey
from paretoformer.studies.threads import one_thread
from paretoformer.studies.verdicts import COUNTED, Verdict, activation_bytes, verdicts

WARM_BATCHES, TIMED_BATCHES = 2, 6
STANDSTILL = 1e-9
"""A learning rate for timing: steps take as long at any, and whether one diverges is for its trial to find out."""
PLACES = ("smallest", "middle", "largest")
TRIED = 8
"""Architectures in whose place the next is taken, where a target's runtime cannot run them."""


@dataclass(frozen=True, kw_only=True)
class CostRange:
    """The least, middle and largest of a cost: over the sampled valid points, or measured at those of such MACs."""

    name: str
    unit: str
    provenance: str
    least: float
    middle: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """What is known before the first trial. `size` is None where a dimension takes any real number.

    `reference` is the hypervolume's reference point: the constant predictor's scores, and 1.1 times the largest costs.
    """

    space: str
    size: int | None
    survey: Survey
    costs: tuple[CostRange, ...]
    verdicts: tuple[Verdict, ...]
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
    clock: Callable[[], float] = time.monotonic,
) -> Preflight:
    """Measure the least, middle and largest points of a survey, and time a few training steps of the middle one.

    Args:
        planned: the checked request, and who measures.
        found: a survey of its space.
        store: where the visits are kept, for trials that come to the same architectures.
        lease: of this host's processor, for training.
        clock: seconds.

    Raises:
        UserError: one of them cannot be measured or trained here, for want of memory for example.
    """
    spec = planned.spec
    lease = lease or Lease()
    measurer = Measurer(store, spec, planned.station)
    began = clock()
    middle = len(found.valid) // 2
    nearest = (found.valid, found.valid[middle:], found.valid[::-1])
    ends, measured = zip(
        *(
            _first_measured(measurer, store, spec, tried[:TRIED], place)
            for tried, place in zip(nearest, PLACES, strict=True)
        ),
        strict=True,
    )
    measuring = (clock() - began) / len(ends)
    with _told(spec, PLACES[1], "trained"):
        training = _training_seconds(planned, ends[1], lease, clock)
    return Preflight(
        space=spec.space.name,
        size=spec.space.count(),
        survey=found,
        costs=(*_counted(spec, found), *_ranges(spec, measured)),
        verdicts=verdicts(spec, found, ends, measured, planned.task.constant_scores()),
        reference=tuple(column.oriented(_worst(planned, found, measured, column)) for column in spec.columns),
        training_seconds=training,
        measuring_seconds=2 * measuring,
    )


def _refusal(spec: StudySpec, place: str, done: str, error: Exception) -> UserError:
    which = f"The {place} sampled architecture of space {spec.space.name} cannot be {done} here"
    return UserError(f"{which}: {str(error).rstrip('.')}.")


@contextmanager
def _told(spec: StudySpec, place: str, done: str) -> Iterator[None]:
    """Tell in one sentence which architecture could not be `done` here, and why."""
    try:
        yield
    except ConversionFailed:
        raise
    except (MeasuringFailed, TrainingFailed, Unavailable) as error:
        raise _refusal(spec, place, done, error) from error
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise _refusal(spec, place, done, Exception("memory runs out; give a space of smaller ones")) from error


def _first_measured(
    measurer: Measurer, store: Store, spec: StudySpec, tried: Sequence[Sampled], place: str
) -> tuple[Sampled, Costs]:
    """The first of these that every target's runtime can run, and what it costs there."""
    for sampled in tried[:-1]:
        with suppress(ConversionFailed):
            return sampled, _measured(measurer, store, spec, sampled, place)
    try:
        return tried[-1], _measured(measurer, store, spec, tried[-1], place)
    except ConversionFailed as error:
        raise _refusal(spec, place, "measured", error) from error


def _measured(measurer: Measurer, store: Store, spec: StudySpec, sampled: Sampled, place: str) -> Costs:
    store.architectures.put(sampled.architecture.digest, sampled.architecture.to_json())
    store.signatures.put(spec.signature.digest, spec.signature.to_json())
    with _told(spec, place, "measured"):
        return measurer.before_training(Subject(architecture=sampled.architecture, signature=spec.signature))


def _counted(spec: StudySpec, found: Survey) -> list[CostRange]:
    ranges = []
    for name in COUNTED:
        values = sorted(each.counts[name] for each in found.valid)
        ranges.append(_range(name, "counted", values))
    if "activation_bytes" in spec.costs:
        ends = (found.valid[0], found.valid[len(found.valid) // 2], found.valid[-1])
        with _told(spec, PLACES[-1], "counted"):
            ranges.append(_range("activation_bytes", "counted", sorted(activation_bytes(spec, each) for each in ends)))
    return ranges


def _ranges(spec: StudySpec, measured: Sequence[Costs]) -> list[CostRange]:
    ranges = []
    for name, target in spec.target_costs:
        values = sorted(costs[name, str(target)].value for costs in measured)
        ranges.append(
            replace(_range(name, str(spec.provenance[f"{name}[{target}]"]), values), name=f"{name}[{target}]")
        )
    return ranges


def _range(name: str, provenance: str, values: Sequence[float]) -> CostRange:
    return CostRange(
        name=name,
        unit=COSTS[name].unit,
        provenance=provenance,
        least=values[0],
        middle=values[len(values) // 2],
        most=values[-1],
    )


def _worst(planned: Plan, found: Survey, measured: Sequence[Costs], column: Column) -> float:
    if column.target:
        return 1.1 * max(costs[column.name, str(column.target)].value for costs in measured)
    if column.name == "activation_bytes":
        return 1.1 * activation_bytes(planned.spec, found.valid[-1])
    if column.name in COSTS:
        return 1.1 * max(each.counts[column.name] for each in found.valid)
    return planned.task.constant_scores()[column.name]


def _training_seconds(planned: Plan, middle: Sampled, lease: Lease, clock: Callable[[], float]) -> float:
    """Seconds of a trial's trainings, from a few steps and one evaluation of the middle point."""
    spec = planned.spec
    seconds = []
    for batches in (WARM_BATCHES, WARM_BATCHES + TIMED_BATCHES):
        model = build(middle.architecture, spec.signature, seed=0)
        recipe = replace(spec.recipe, budget=batches * spec.recipe.batch, learning_rate=STANDSTILL)
        trainer = Trainer(
            model,
            planned.task,
            recipe,
            seed=0,
            rungs=1,
            device=training_device(),
            between_steps=lease.step,
            clock=clock,
        )
        with lease.shared(), one_thread():
            (scores,) = trainer.run()
        seconds.append(scores[0].seconds)
    step = max(0.0, seconds[1] - seconds[0]) / TIMED_BATCHES
    evaluation = max(0.0, seconds[0] - WARM_BATCHES * step)
    return spec.replicates * (step * spec.recipe.steps + 3 * evaluation)

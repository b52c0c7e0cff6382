"""From what a user asks for to a study's spec, every word of it checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.task import Task
from paretoformer.hardware_models.meters.base import Meter
from paretoformer.records.costs import COSTS
from paretoformer.records.errors import Unavailable, UserError
from paretoformer.records.objective import Constraint, Objective, parse_constraint, parse_objectives
from paretoformer.records.options import write_name
from paretoformer.records.recipe import Recipe
from paretoformer.records.target import parse_target
from paretoformer.search_spaces.catalogue import load_space, spaces_for
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.bounds import check_bounds
from paretoformer.studies.effort import DEFAULT_STORAGE
from paretoformer.studies.engines.base import engine
from paretoformer.studies.hosts import hosts_at
from paretoformer.studies.replicates import MOST_REPLICATES
from paretoformer.studies.spec import StudySpec
from paretoformer.studies.stations import Station

DEFAULT_ENGINE = "tpe"
RECIPE_FIELDS = ("budget", "batch", "learning_rate", "criterion", "pretraining", "pretraining_share")
"""What a request may say of the recipe."""
Item = TypeVar("Item", Objective, Constraint)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A search in the user's words; None and empty are defaults.

    `what` is a task or a path, `columns` (for a table) `text=COLUMN,label=COLUMN`. `budget` counts training examples.
    Each trial is trained `replicates` times. `pretraining` "none" leaves out what the task would begin with.
    """

    what: str
    columns: str | None = None
    space: str | SearchSpace | None = None
    on: Sequence[str] = ("cpu",)
    objectives: str | None = None
    subject_to: Sequence[str] = ()
    engine: str = DEFAULT_ENGINE
    seed: int = 0
    replicates: int = 1
    budget: int | None = None
    batch: int | None = None
    learning_rate: float | None = None
    criterion: str | None = None
    pretraining: str | None = None
    pretraining_share: float | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A checked request: the opened task, the spec of a study, and who measures for it."""

    task: Task
    spec: StudySpec
    station: Station


def plan(request: Request, station: Station | None = None) -> Plan:
    """Check a request against tasks, spaces, engines, metrics, costs, and the hosts that measure.

    Args:
        request: the search.
        station: who measures; this host, and those with a station in the default database, unless given.

    Raises:
        UserError: the first thing that cannot be, in one sentence.
    """
    engine(request.engine)
    station = station or hosts_at(DEFAULT_STORAGE)
    if request.seed < 0:
        raise UserError(f"The seed is {request.seed}; it must be a whole number from 0.")
    if not 1 <= request.replicates <= MOST_REPLICATES:
        raise UserError(
            f"The replicates are {request.replicates}; a trial is trained once or more, at most {MOST_REPLICATES:,} times."
        )
    objectives = parse_objectives(request.objectives) if request.objectives is not None else None
    constraints = tuple(parse_constraint(text) for text in request.subject_to)
    targets = tuple(parse_target(text) for text in request.on)
    task = open_task(request.what, request.columns)
    space = _space(request.space, task)
    recipe = _recipe(request, task)
    _check_searched(request, space)
    targets = tuple(dict.fromkeys(station.fill(target, task.signature) for target in targets))
    objectives = tuple(_checked(each, task, station) for each in objectives or _defaults(task))
    constraints = tuple(_checked(each, task, station) for each in constraints)
    _check_directions(objectives, task)
    check_bounds(constraints, task)
    spec = StudySpec(
        task=task.spec,
        data_hash=task.data_hash,
        signature=task.signature,
        space=space,
        objectives=objectives,
        constraints=constraints,
        targets=targets,
        engine=request.engine,
        seed=request.seed,
        recipe=recipe,
        metric_units={metric.name: metric.unit for metric in task.metrics},
        provenance={},
        replicates=request.replicates,
    )
    meters = _meters(spec, station)
    provenance = {name: meter.provenance for name, meter in meters.items()}
    methods = {name: meter.made_by for name, meter in meters.items()}
    return Plan(task=task, spec=replace(spec, provenance=provenance, methods=methods), station=station)


def _space(asked: str | SearchSpace | None, task: Task) -> SearchSpace:
    if asked is None:
        fitting = spaces_for(task.signature)
        if not fitting:
            raise UserError(f"No shipped space serves {task.name} ({task.signature}); give one by --space FILE.")
        asked = fitting[0]
    space = load_space(asked) if isinstance(asked, str) else asked
    space.check(task.signature)
    for dimension in space.dimensions:
        if dimension.address in ("recipe.criterion", "recipe.pretraining"):
            for value in dimension.domain.values():
                _check_criterion(value, task)
    return space


def _check_searched(request: Request, space: SearchSpace) -> None:
    """What the space sets for each trial is not asked for beside it."""
    set_there = {dimension.address for dimension in space.dimensions}
    for name in RECIPE_FIELDS:
        if getattr(request, name) is not None and f"recipe.{name}" in set_there:
            raise UserError(
                f"The {name.replace('_', ' ')} is {getattr(request, name)}, and space {space.name} sets recipe.{name} itself; "
                "leave one of them out."
            )


def _check_criterion(text: Any, task: Task) -> None:
    """There is such a criterion, and it can train on the task; None is no pre-training."""
    if text is None:
        return
    for problem in criterion(str(text)).problems(task):
        raise UserError(f"{problem}.")


def _defaults(task: Task) -> tuple[Objective, ...]:
    first = task.metrics[0]
    return (Objective(name=first.name, minimise=first.minimise), Objective(name="latency", minimise=True))


def _checked(item: Item, task: Task, station: Station) -> Item:
    """The item with its own target filled; it must name a metric of the task or a cost."""
    known = [metric.name for metric in task.metrics] + list(COSTS)
    if item.name not in known:
        raise UserError(f"'{item.name}' is neither a metric of {task.name} nor a cost; it has {', '.join(known)}.")
    return replace(item, target=station.fill(item.target, task.signature)) if item.target else item


def _check_directions(objectives: Sequence[Objective], task: Task) -> None:
    for objective in objectives:
        if objective.name in COSTS:
            continue
        if objective.minimise != task.metric(objective.name).minimise:
            right = objective.name if objective.minimise else f"-{objective.name}"
            better = "higher" if objective.minimise else "lower"
            raise UserError(f"'{objective}': {objective.name} is better when {better}; write {right}.")


def _recipe(request: Request, task: Task) -> Recipe:
    asked = {name: getattr(request, name) for name in RECIPE_FIELDS}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if request.pretraining == "none":
        given["pretraining"] = None
    recipe = replace(task.recipe, **given)
    if request.pretraining_share is not None and recipe.pretraining is None:
        raise UserError(
            f"The pretraining share is {request.pretraining_share:g}, and there is no pre-training; give one by --pretraining."
        )
    for text in (recipe.criterion, recipe.pretraining):
        _check_criterion(text, task)
    before = None if recipe.pretraining is None else _pinned(recipe.pretraining)
    return replace(recipe, criterion=_pinned(recipe.criterion), pretraining=before)


def _pinned(text: str) -> str:
    """The criterion as it was written, or with what it reads from elsewhere named by its hash."""
    found = criterion(text)
    pinned = found.pinned()
    return text if pinned == found else write_name(found.name, pinned)


def _meters(spec: StudySpec, station: Station) -> dict[str, Meter]:
    """What supplies each `cost[target]`."""
    found = {}
    for name, target in spec.target_costs:
        try:
            found[f"{name}[{target}]"] = station.meter(name, target)
        except Unavailable as error:
            raise UserError(f"{str(error).rstrip('.')}.") from error
    return found

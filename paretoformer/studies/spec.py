"""What a study is: everything that must be equal for two searches to be the same one."""

from dataclasses import dataclass, field
from typing import Any

from paretoformer.records.costs import COSTS
from paretoformer.records.measurement import Provenance
from paretoformer.records.objective import Constraint, Objective, parse_objectives
from paretoformer.records.recipe import Recipe
from paretoformer.records.signature import Signature
from paretoformer.records.target import Target, parse_target
from paretoformer.search_spaces.space import SearchSpace

DERIVED = ("signature", "metric_units", "provenance", "methods")
"""Parts of a spec that follow from the others."""
LABELS = {"data_hash": "data", "metric_units": "metrics", "methods": "methods of measuring"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One number of a trial that an engine lowers: an objective on one target."""

    name: str
    minimise: bool
    unit: str
    target: Target | None = None

    def __str__(self) -> str:
        return f"{self.name}[{self.target}]" if self.target else self.name

    def oriented(self, value: float) -> float:
        """The value with smaller meaning better."""
        return value if self.minimise else -value


@dataclass(frozen=True, kw_only=True)
class StudySpec:
    """Fixed when the study is made and stored with it. `targets` are complete; `budgets` are not part of it.

    Each trial is trained `replicates` times, by different seeds.

    `provenance` says for each `cost[target]` in use where its figures come from, and `methods` by which method and which
    version of it, as in `paired-ratio 2`, the same for all trials; empty for studies of before they were kept.
    """

    task: dict[str, Any]
    data_hash: str
    signature: Signature
    space: SearchSpace
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    targets: tuple[Target, ...]
    engine: str
    seed: int
    recipe: Recipe
    metric_units: dict[str, str]
    provenance: dict[str, Provenance]
    replicates: int = 1
    methods: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The objectives, an unqualified cost of several targets spread over them."""
        return tuple(column for objective in self.objectives for column in self._columns(objective))

    @property
    def _asked(self) -> tuple[Objective | Constraint, ...]:
        return (*self.objectives, *self.constraints)

    @property
    def costs(self) -> tuple[str, ...]:
        """Costs named by objectives or constraints, each once, in order."""
        named = [item.name for item in self._asked if item.name in COSTS]
        return tuple(dict.fromkeys(named))

    @property
    def target_costs(self) -> tuple[tuple[str, Target], ...]:
        """Every cost that depends on a target with each target that it is asked for on, once."""
        pairs = (
            (item.name, target)
            for item in self._asked
            if item.name in COSTS and COSTS[item.name].per_target
            for target in self.targets_of(item)
        )
        return tuple(dict.fromkeys(pairs))

    def source(self, column: Column) -> str:
        """Where a column's figures come from: `scored`, `counted`, `measured` or `modelled`."""
        if column.target:
            return str(self.provenance[f"{column.name}[{column.target}]"])
        return str(COSTS[column.name].provenance) if column.name in COSTS else "scored"

    def targets_of(self, item: Objective | Constraint) -> tuple[Target, ...]:
        """The targets that an objective or constraint is about: its own, or all."""
        return (item.target,) if item.target else self.targets

    def _columns(self, objective: Objective) -> list[Column]:
        if objective.name not in COSTS:
            unit = self.metric_units[objective.name]
            return [Column(name=objective.name, minimise=objective.minimise, unit=unit)]
        cost = COSTS[objective.name]
        targets: tuple[Target | None, ...] = self.targets_of(objective) if cost.per_target else (None,)
        return [Column(name=cost.name, minimise=True, unit=cost.unit, target=target) for target in targets]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that `from_json` reads back."""
        return {
            "task": self.task,
            "data_hash": self.data_hash,
            "signature": self.signature.to_json(),
            "space": self.space.to_json(),
            "objectives": ", ".join(str(objective) for objective in self.objectives),
            "constraints": [_constraint_json(constraint) for constraint in self.constraints],
            "targets": [str(target) for target in self.targets],
            "engine": self.engine,
            "seed": self.seed,
            "recipe": self.recipe.to_json(),
            "metric_units": self.metric_units,
            "provenance": {name: str(provenance) for name, provenance in self.provenance.items()},
            "replicates": self.replicates,
            "methods": self.methods,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> "StudySpec":
        """Read what `to_json` wrote."""
        return StudySpec(
            task=value["task"],
            data_hash=value["data_hash"],
            signature=Signature.from_json(value["signature"]),
            space=SearchSpace.from_json(value["space"]),
            objectives=parse_objectives(value["objectives"]),
            constraints=tuple(_constraint_from_json(constraint) for constraint in value["constraints"]),
            targets=tuple(parse_target(target) for target in value["targets"]),
            engine=value["engine"],
            seed=value["seed"],
            recipe=Recipe(**value["recipe"]),
            metric_units=value["metric_units"],
            provenance={name: Provenance(provenance) for name, provenance in value["provenance"].items()},
            replicates=value.get("replicates", 1),
            methods=value.get("methods", {}),
        )

    def differences(self, other: "StudySpec") -> list[str]:
        """What differs, as sentences; this is the stored one, `other` the asked-for one."""
        mine, theirs = ({**spec.to_json(), "task": _without_hash(spec.task)} for spec in (self, other))
        differing = [key for key in mine if mine[key] != theirs[key]]
        asked = [key for key in differing if key not in DERIVED] or differing
        return [f"{LABELS.get(key, key)}: {', not '.join(_told_apart(key, mine[key], theirs[key]))}" for key in asked]


def _constraint_json(constraint: Constraint) -> dict[str, Any]:
    target = str(constraint.target) if constraint.target else None
    return {
        "name": constraint.name,
        "upper": constraint.upper,
        "bound": constraint.bound,
        "unit": constraint.unit,
        "target": target,
    }


def _constraint_from_json(value: dict[str, Any]) -> Constraint:
    target = parse_target(value["target"]) if value["target"] else None
    return Constraint(**{**value, "target": target})


def _told_apart(key: str, mine: Any, theirs: Any) -> tuple[str, str]:
    """Both values as people read them; of a task or recipe only the fields that differ."""
    if key == "space" and mine.get("name") == theirs.get("name"):
        parts = ", ".join(name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name))
        return f"{mine.get('name')} as it was", f"as it is now (its {parts} changed)"
    if key in ("task", "recipe"):
        fields = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
        mine, theirs = ({name: side[name] for name in fields if name in side} for side in (mine, theirs))
    return _shown(key, mine), _shown(key, theirs)


def _without_hash(task: dict[str, Any]) -> dict[str, Any]:
    """A task's spec without the hash of its data, which a study's spec has of its own."""
    return {name: value for name, value in task.items() if name != "data_hash"}


def _shown(key: str, value: Any) -> str:
    if key == "space":
        return str(value.get("name", "?"))
    if key == "data_hash":
        return str(value)[:12]
    if key == "constraints":
        value = [_constraint_from_json(item) for item in value]
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or "none"
    return str(value)
